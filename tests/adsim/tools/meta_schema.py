"""Writes src/meta/data/v26.schema: parameters and fields of the part of the Marketing API that adsim speaks.

All comes from the Python package `facebook-business`: parameters from the `param_types` of its methods, fields from
the `Field` of its classes, values from its enums. One line each:

    params POST act campaigns|name status ...
    fields campaign|id name ...
    enum campaign.objective|OUTCOME_SALES ...

    pip install 'facebook-business==26.*'
    python3 tools/meta_schema.py > src/meta/data/v26.schema
"""

import ast
import inspect
import textwrap

from facebook_business.adobjects import (
    ad,
    adaccount,
    adaccountadvolume,
    adcreative,
    adimage,
    adlabel,
    adpromotedobject,
    adreportrun,
    adset,
    adsinsights,
    advideo,
    campaign,
    targeting,
    targetinggeolocation,
)
from facebook_business.adobjects.adaccount import AdAccount

NODES = {
    "act": AdAccount,
    "campaign": campaign.Campaign,
    "adset": adset.AdSet,
    "ad": ad.Ad,
    "creative": adcreative.AdCreative,
    "label": adlabel.AdLabel,
    "video": advideo.AdVideo,
    "report": adreportrun.AdReportRun,
}
FIELDS = NODES | {
    "image": adimage.AdImage,
    "insights": adsinsights.AdsInsights,
    "targeting": targeting.Targeting,
    "volume": adaccountadvolume.AdAccountAdVolume,
    "geo": targetinggeolocation.TargetingGeoLocation,
}
EDGES = set(
    """/ /campaigns /adsets /ads /adcreatives /adlabels /adimages /advideos /insights /minimum_budgets
    /ads_volume /campaignsbylabels /adsetsbylabels /adsbylabels /adcreativesbylabels""".split()
)
ENUMS = {
    "campaign.status": campaign.Campaign.Status,
    "campaign.objective": campaign.Campaign.Objective,
    "campaign.bid_strategy": campaign.Campaign.BidStrategy,
    "campaign.special_ad_categories": campaign.Campaign.SpecialAdCategories,
    "campaign.effective_status": campaign.Campaign.EffectiveStatus,
    "adset.status": adset.AdSet.Status,
    "adset.billing_event": adset.AdSet.BillingEvent,
    "adset.optimization_goal": adset.AdSet.OptimizationGoal,
    "adset.bid_strategy": adset.AdSet.BidStrategy,
    "adset.destination_type": adset.AdSet.DestinationType,
    "adset.effective_status": adset.AdSet.EffectiveStatus,
    "ad.status": ad.Ad.Status,
    "ad.effective_status": ad.Ad.EffectiveStatus,
    "promoted_object.custom_event_type": adpromotedobject.AdPromotedObject.CustomEventType,
    "creative.call_to_action_type": adcreative.AdCreative.CallToActionType,
}


def main() -> None:
    """Prints all."""
    for node, cls in NODES.items():
        for verb, edge, names in sorted(methods(cls)):
            if edge in EDGES or node != "act" and edge == "/adlabels":
                print(f"params {verb} {node} {edge.strip('/') or '.'}|{' '.join(sorted(names))}")
    for node, cls in FIELDS.items():
        print(f"fields {node}|{' '.join(sorted(values(cls.Field)))}")
    for name, cls in ENUMS.items():
        print(f"enum {name}|{' '.join(sorted(values(cls)))}")


def values(cls: type) -> list[str]:
    """The values of one of the package's classes of constants."""
    return [value for name, value in vars(cls).items() if not name.startswith("_")]


def methods(cls: type) -> list[tuple[str, str, list[str]]]:
    """Verb, edge and parameters of each method of a class."""
    found = []
    tree = ast.parse(textwrap.dedent(inspect.getsource(cls)))
    for function in tree.body[0].body:
        if not isinstance(function, ast.FunctionDef):
            continue
        params, call = None, {}
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "param_types":
                params = [key.value for key in node.value.keys]
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "FacebookRequest":
                call = {k.arg: k.value.value for k in node.keywords if isinstance(k.value, ast.Constant)}
        if params is not None and call:
            found.append((call["method"], call["endpoint"], params))
    return found


if __name__ == "__main__":
    main()
