"""Writes src/google/data/v26.schema: the part of the Google Ads API's messages and enums that adsim speaks.

Names, types and enum values come from the protobuf messages in the Python package `google-ads`; whether a field is
output only, immutable or required is not in that package and comes from Google's discovery document (first word of a
field's description), where the version may lag.

    pip install 'google-ads==34.*'
    python3 tools/schema.py google-ads-v25-discovery.json > src/google/data/v26.schema
"""

import importlib
import json
import pkgutil
import re
import sys

VERSION = "v26"
BASE = f"google.ads.googleads.{VERSION}"
# Messages with everything that they refer to. What is not reached from here is unknown to adsim.
ROOTS = [
    ("resources", c)
    for c in """Campaign CampaignBudget CampaignLabel CampaignCriterion AdGroup AdGroupAd Ad AdGroupCriterion Label
    Customer GeoTargetConstant LanguageConstant CurrencyConstant ConversionAction CustomConversionGoal
    ConversionGoalCampaignConfig""".split()
] + [
    ("services", c)
    for c in """SearchGoogleAdsRequest SearchGoogleAdsStreamRequest MutateGoogleAdsRequest MutateCampaignsRequest
    MutateCampaignBudgetsRequest MutateCampaignLabelsRequest MutateCampaignCriteriaRequest MutateLabelsRequest
    MutateAdGroupsRequest MutateAdGroupCriteriaRequest MutateAdGroupAdsRequest MutateAdsRequest
    MutateCustomConversionGoalsRequest MutateConversionGoalCampaignConfigsRequest
    SuggestGeoTargetConstantsRequest""".split()
]
# MutateOperation knows some hundred resources; adsim refuses those that it has no state for.
OPERATIONS = """campaign_operation campaign_budget_operation campaign_label_operation campaign_criterion_operation
label_operation ad_group_operation ad_group_criterion_operation ad_group_ad_operation ad_operation
custom_conversion_goal_operation conversion_goal_campaign_config_operation""".split()
COMMON = ("Metrics", "Segments")
KINDS = {1: "double", 2: "float", 3: "int64", 4: "int64", 5: "int32", 8: "bool", 9: "string", 12: "string"}


def classes():
    found = {}
    for package in ("resources", "services", "common", "enums", "errors"):
        types = importlib.import_module(f"{BASE}.{package}.types")
        for module in pkgutil.iter_modules(types.__path__):
            m = importlib.import_module(f"{BASE}.{package}.types.{module.name}")
            for name in m.__protobuf__.manifest:
                found[(package, name)] = getattr(m, name)
    return found


def short(full_name):
    """`google.ads.googleads.v26.resources.Campaign.NetworkSettings` -> `Campaign.NetworkSettings`."""
    for package in ("resources", "services", "common", "enums", "errors"):
        prefix = f"{BASE}.{package}."
        if full_name.startswith(prefix):
            return full_name[len(prefix):]
    return full_name


def camel(snake):
    head, *rest = snake.split("_")
    return head + "".join(w[:1].upper() + w[1:] for w in rest)


def behaviours(path):
    schemas = json.load(open(path))["schemas"]
    flags = {}
    for name, schema in schemas.items():
        message = re.sub(r"^GoogleAdsGoogleadsV\d+(Resources|Services|Common)_+", "", name).replace("_", ".")
        for field, p in schema.get("properties", {}).items():
            words = (p.get("description") or "")[:60]
            f = []
            if p.get("readOnly") or words.startswith("Output only."):
                f.append("output")
            if words.startswith("Immutable.") or "Immutable." in words[:30]:
                f.append("immutable")
            if words.startswith("Required.") or "Required." in words[:30]:
                f.append("required")
            flags[(message, field)] = f
    return flags


def main():
    found = classes()
    flags = behaviours(sys.argv[1])
    queue = [found[k].pb(found[k]()).DESCRIPTOR for k in ROOTS]
    queue += [found[("common", c)].pb(found[("common", c)]()).DESCRIPTOR for c in COMMON]
    seen, enums, out = set(), {}, []
    while queue:
        d = queue.pop(0)
        name = short(d.full_name)
        if name in seen:
            continue
        seen.add(name)
        lines = [f"message {name}"]
        for f in d.fields:
            field = f.name.rstrip("_")
            if name == "MutateOperation" and field not in OPERATIONS:
                lines.append(f"  {field} unsupported")
                continue
            words = []
            if f.message_type and f.message_type.GetOptions().map_entry:
                kind = "any"
            elif f.message_type and f.message_type.full_name == "google.protobuf.FieldMask":
                kind = "mask"
            elif f.message_type and not f.message_type.full_name.startswith("google.ads"):
                kind = "any"
            elif f.message_type:
                kind = "message:" + short(f.message_type.full_name)
                queue.append(f.message_type)
            elif f.enum_type:
                enum = f.enum_type.full_name.rsplit(".", 1)[1]
                enums[enum] = [v.name for v in f.enum_type.values]
                kind = "enum:" + enum
            else:
                kind = KINDS[f.type]
            if f.is_repeated if hasattr(f, "is_repeated") else f.label == 3:
                words.append("repeated")
            if f.containing_oneof and not f.containing_oneof.name.startswith("_"):
                words.append("oneof=" + f.containing_oneof.name)
            words += flags.get((name, camel(field)), [])
            lines.append(" ".join(["  " + field, kind, *words]))
        out.append("\n".join(lines))
    for (package, name), cls in sorted(found.items()):
        # The error enums, so that a test can hold every error that adsim sends to a real name.
        if package == "errors" and name.endswith("Enum"):
            (inner, enum), = [(k, v) for k, v in vars(cls).items() if isinstance(v, type) and hasattr(v, "__members__")]
            enums[inner] = [n.rstrip("_") for n in enum.__members__]
    for name in sorted(enums):
        out.append(f"enum {name}\n  " + " ".join(enums[name]))
    print(f"# Google Ads API {VERSION}. Written by tools/schema.py; not edited by hand.")
    print("\n".join(out))


main()
