"""Writes src/tiktok/data/v1.3.schema: the part of TikTok's Business API that adsim speaks.

Names, types, required fields and enum values come from the official operation files (their union is one OpenAPI
description); of endpoints that these lack, names and types come from TikTok's own Python SDK.

    pip install tiktok-business-api-sdk-official==1.1.3 PyYAML
    python3 tools/tiktok_schema.py tiktok-business-v1.3-openapi.yml > src/tiktok/data/v1.3.schema
"""

import importlib
import inspect
import pkgutil
import re
import sys

import yaml
from business_api_client import api, models

# In the operation files.
DESCRIBED = """advertiser/info pixel/list report/integrated/get search/region
smart_plus/campaign/create smart_plus/campaign/update smart_plus/campaign/get smart_plus/campaign/status/update
smart_plus/adgroup/create smart_plus/adgroup/update smart_plus/adgroup/get smart_plus/adgroup/status/update
smart_plus/ad/create smart_plus/ad/update smart_plus/ad/get smart_plus/ad/status/update
smart_plus/ad/review_info""".split()
# Only in the SDK.
IN_SDK = """oauth2/access_token oauth2/advertiser/get campaign/create campaign/get adgroup/get ad/get
file/image/ad/upload file/image/ad/info file/video/ad/upload file/video/ad/info file/video/ad/search identity/get
tool/region tool/language""".split()
# In neither; from the documentation as public mirrors have it.
DOCUMENTED = """GET file/image/ad/search
  advertiser_id string required
  filtering object
    displayable boolean
    height integer
    image_ids string[]
    material_ids string[]
    ratio number[]
    signature string[]
    width integer
  page integer
  page_size integer most:100
GET file/video/suggestcover
  advertiser_id string required
  video_id string required
  poster_number integer most:10"""
# Bodies that the SDK sends as a form: the model with their fields.
FORMS = {"file/image/ad/upload": "FileImageAdUpload", "file/video/ad/upload": "AdUploadBody"}
# Values that the operation files mark as not for this field, though the documentation of smart+ web campaigns names
# them for campaigns without campaign budget optimization (`budget_optimize_on` false).
ALSO = {("smart_plus/campaign/create", "budget_mode"): ["BUDGET_MODE_DAY", "BUDGET_MODE_INFINITE"]}
TYPES = {"str": "string", "float": "number", "int": "integer", "bool": "boolean", "datetime": "string"}


def enum_of(schema, key):
    """The values of an enum that a field takes."""
    found = schema.get("x-open-enum") or (schema.get("items") or {}).get("x-open-enum")
    if not found:
        return ""
    values = [v["key"] for v in found["enums"] if v["is_valid"] or not found["use_part"]]
    return " enum:" + ",".join(sorted([*values, *ALSO.get(key, [])]))


def field(path, name, schema, required, depth):
    """A field with what is in it."""
    kind, items = schema.get("type", "string"), schema.get("items")
    if kind == "array":
        kind = f"{items.get('type', 'string')}[]"
    marks = " required" if required else ""
    for mark, key in (("max", "maxItems"), ("min", "minItems"), ("most", "maximum")):
        marks += f" {mark}:{schema[key]}" if key in schema else ""
    print(f"{'  ' * depth}{name} {kind}{marks}{enum_of(schema, (path, name))}")
    fields(path, items or schema, depth + 1)


def fields(path, schema, depth):
    """The fields of an object."""
    required = schema.get("required") or []
    for name, inner in (schema.get("properties") or {}).items():
        field(path, name, inner, name in required, depth)


def described(path, spec):
    """An endpoint of the operation files."""
    (method, operation), = spec["paths"][f"/{path}/"].items()
    print(f"{method.upper()} {path}")
    for parameter in operation.get("parameters", []):
        if parameter["name"] != "Access-Token":  # a header in fact
            schema = parameter.get("schema") or parameter["content"]["application/json"]["schema"]
            field(path, parameter["name"], schema, parameter.get("required"), 1)
    if "requestBody" in operation:
        fields(path, operation["requestBody"]["content"]["application/json"]["schema"], 1)


def sdk_type(text):
    """`list[str]` -> `string[]`; a model's name -> `object`, and the model."""
    inner = re.fullmatch(r"list\[(.*)\]", text)
    if inner:
        kind, model = sdk_type(inner[1])
        return f"{kind}[]", model
    if text in TYPES:
        return TYPES[text], None
    return "object", getattr(models, text, None)


def sdk_model(model, depth):
    """The fields of a model of the SDK. Its setters refuse None where a field is required."""
    for name, kind in model.swagger_types.items():
        setter = inspect.getsource(getattr(model, name).fset)
        required = " required" if "must not be `None`" in setter else ""
        kind, inner = sdk_type(kind)
        print(f"{'  ' * depth}{model.attribute_map[name]} {kind}{required}")
        if inner:
            sdk_model(inner, depth + 1)


def sdk_methods():
    """By path: the HTTP method, and the documentation of the SDK's method that calls it."""
    found = {}
    for module in pkgutil.iter_modules(api.__path__):
        text = inspect.getsource(importlib.import_module(f"{api.__name__}.{module.name}"))
        for method in text.split("\n    def ")[1:]:
            path = re.search(r"'/open_api/v1.3/(\S+)/', '(GET|POST)'", method)
            if path:
                found[path[1]] = (path[2], method.split('"""')[1])
    return found


def in_sdk(path, method, documentation):
    """An endpoint of the SDK."""
    print(f"{method} {path}")
    if path in FORMS:
        sdk_model(getattr(models, FORMS[path]), 1)
        return
    for kind, name, rest in re.findall(r":param ([\w\[\]]+) (\w+):([^\n]*)", documentation):
        kind, inner = sdk_type(kind)
        if name == "body":
            sdk_model(inner, 1)
        elif name != "access_token":
            print(f"  {name} {kind}{' required' if '(required)' in rest else ''}")
            if inner:
                sdk_model(inner, 2)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        spec = yaml.load(file, Loader=yaml.CSafeLoader)
    print("# TikTok Business API v1.3. Written by tools/tiktok_schema.py; not edited by hand.")
    for path in DESCRIBED:
        described(path, spec)
    methods = sdk_methods()
    for path in IN_SDK:
        in_sdk(path, *methods[path])
    print(DOCUMENTED)


main()
