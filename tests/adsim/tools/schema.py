"""Writes src/google/data/v26.schema: the part of the Google Ads API's messages and enums that adsim speaks.

Names, types and enum values come from the protobuf messages in the Python package `google-ads`; whether a field is
output only, immutable or required comes from the first words of its text in the documentation of their classes.

    pip install 'google-ads==34.*'
    python3 tools/schema.py > src/google/data/v26.schema
"""

import importlib
import inspect
import pkgutil
import re

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
# The first words of a field's text.
WORDS = {"Output only.": "output", "Immutable.": "immutable", "Required.": "required"}
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


def behaviours(found, full_name):
    """What is said of each field of a message: `output`, `immutable`, `required`."""
    package, *names = full_name[len(BASE) + 1:].split(".")
    cls = found[(package, names[0])]
    for name in names[1:]:
        cls = getattr(cls, name)
    text = inspect.getdoc(cls) or ""
    flags = {}
    for head in re.finditer(r"^ {4}(\w+) \([^()]*\):\n", text, re.MULTILINE):
        words = re.match(r"\s*((?:(?:Output only|Immutable|Required|Optional)\.\s+)*)", text[head.end():])[1]
        flags[head[1].rstrip("_")] = [f for w, f in WORDS.items() if w in words]
    return flags


def main():
    found = classes()
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
        flags = behaviours(found, d.full_name)
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
            words += flags[field]
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
