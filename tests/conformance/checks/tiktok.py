"""Checks recordings of TikTok's Business API against TikTok's own SDK: paths, parameters, bodies, the envelope.

The SDK is generated from TikTok's API descriptions. It knows names, types and what is required; it knows no enums and
nothing of the data in answers. Enums and sizes are held against the official OpenAPI description where a file with it
is named by the environment variable ADOPS_TIKTOK_OPENAPI (`tiktok-business-v1.3-openapi.yml`).
"""

import functools
import importlib
import inspect
import json
import os
import pkgutil
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import yaml
from business_api_client import api, models

from checks.recordings import Recording
from checks.report import ANSWERS, ERRORS, REFUSED, REQUESTS, Report

DESCRIPTION = "ADOPS_TIKTOK_OPENAPI"
_ROOT = "/open_api/v1.3/"
_SUCCESS = (0, 20001)
_OTHER_VERSION = 40051
# The SDK sends these as forms; their fields are those of a model.
_FORMS = {"file/image/ad/upload/": "FileImageAdUpload", "file/video/ad/upload/": "AdUploadBody"}
# Endpoints that neither the SDK nor the description has: verb, fields and what is required, from the documentation as
# public mirrors have it.
_DOCUMENTED = {
    "file/image/ad/search/": (
        "GET",
        {"advertiser_id": "str", "filtering": "object", "page": "int", "page_size": "int"},
        {"advertiser_id"},
    ),
    "file/video/suggestcover/": (
        "GET",
        {"advertiser_id": "str", "video_id": "str", "poster_number": "int"},
        {"advertiser_id", "video_id"},
    ),
}
_TYPES: dict[str, tuple[type, ...]] = {"str": (str,), "int": (int,), "float": (int, float), "bool": (bool,)}
# What the simulator says of a request that does not fit the description.
_MALFORMED = ("Unknown field.",)


@dataclass(frozen=True)
class Method:
    """An endpoint as the SDK knows it."""

    path: str
    verb: str
    fields: dict[str, str]  # types in the SDK's words
    required: frozenset[str]


def check(recordings: Iterable[Recording]) -> Report:
    """Checks recorded requests and their answers."""
    report = Report()
    for recording in recordings:
        # Only the simulator's own tests ask for other versions or for paths that the service does not have.
        known = urlsplit(recording.path).path.removeprefix(_ROOT) in methods()
        if recording.platform == "tiktok" and (known or not recording.provoking):
            _check(recording, report)
    return report


def _check(recording: Recording, report: Report) -> None:
    url = urlsplit(recording.path)
    path = url.path.removeprefix(_ROOT)
    method = methods().get(path)
    if method is None and _code(recording) == _OTHER_VERSION:
        report.passes("tiktok another version", REFUSED)
        return
    if method is None:
        report.fails("tiktok unknown", REQUESTS, recording.place, [f"no path of the API: {url.path}"])
        return
    name = f"tiktok {path}"
    _report_request(recording, name, list(_request_problems(method, url.query, recording)), report)
    if recording.status == 200:
        column = ANSWERS if _code(recording) in _SUCCESS else ERRORS
        _report(report, name, column, recording, list(_envelope_problems(recording.response)))


def _report_request(recording: Recording, name: str, problems: list[str], report: Report) -> None:
    """Requests must be right, but for those of the simulator's own tests, which it must refuse when they are wrong."""
    refused = recording.status == 200 and _code(recording) not in _SUCCESS
    refused = refused or recording.status not in (0, 200)
    if not recording.provoking or not refused:
        _report(report, name, REQUESTS, recording, problems)
    elif not problems and str((recording.response or {}).get("message", "")).endswith(_MALFORMED):
        _report(report, name, REFUSED, recording, ["refused as malformed, though it is not"])
    else:
        report.passes(name, REFUSED)


def _report(report: Report, name: str, column: str, recording: Recording, problems: list[str]) -> None:
    if problems:
        report.fails(name, column, recording.place, problems)
    else:
        report.passes(name, column)


def _code(recording: Recording) -> Any:
    return recording.response.get("code") if isinstance(recording.response, dict) else None


def _envelope_problems(answer: Any) -> Iterator[str]:
    if not isinstance(answer, dict):
        yield "an answer without envelope"
        return
    wanted = {"code": int, "message": str, "request_id": str, "data": (dict, list)}
    for name, kind in wanted.items():
        if not isinstance(answer.get(name), kind):
            yield f"the envelope's {name} is {answer.get(name)!r}"
    for name in answer.keys() - wanted.keys():
        yield f"the envelope has no {name}"


def _request_problems(method: Method, query: str, recording: Recording) -> Iterator[str]:
    if recording.method != method.verb:
        yield f"{recording.method} instead of {method.verb}"
        return
    if method.verb == "GET":
        values = {}
        for name, text in parse_qsl(query, keep_blank_values=True):
            try:
                values[name] = _read(text, method.fields.get(name, "str"))
            except ValueError:
                yield f"{name} is no {method.fields[name]}: {text}"
    else:
        if query:
            yield "a query in a POST"
        if not isinstance(recording.body, dict):
            yield "a body that is no object"
            return
        values = recording.body
    yield from _fields_problems("", values, method.fields, method.required)
    if schema := described().get(method.path):
        yield from _schema_problems("", values, schema)


def _read(text: str, kind: str) -> Any:
    """A parameter's value: JSON text where it is no plain text."""
    return text if kind == "str" else json.loads(text)


def _fields_problems(place: str, values: dict[str, Any], fields: dict[str, str], required: frozenset[str]) -> Iterator[str]:
    for name in sorted(required - values.keys()):
        yield f"{place}{name} is required"
    for name, value in values.items():
        if name not in fields:
            yield f"{place}{name} is no field"
        else:
            yield from _type_problems(f"{place}{name}", value, fields[name])


def _type_problems(place: str, value: Any, kind: str) -> Iterator[str]:
    if inner := re.fullmatch(r"list\[(.*)\]", kind):
        if not isinstance(value, list):
            yield f"{place} is no list"
            return
        for i, item in enumerate(value):
            yield from _type_problems(f"{place}.{i}", item, inner[1])
    elif kind in _TYPES:
        if not isinstance(value, _TYPES[kind]) or (kind != "bool" and isinstance(value, bool)):
            yield f"{place} is no {kind}: {value!r}"
    elif model := getattr(models, kind, None):
        if isinstance(value, dict):
            yield from _fields_problems(f"{place}.", value, *_model(model))
        else:
            yield f"{place} is no object"


@functools.cache
def _model(model: type) -> tuple[dict[str, str], frozenset[str]]:
    """Fields of a model of the SDK. Its setters refuse None where a field is required."""
    fields = {model.attribute_map[name]: kind for name, kind in model.swagger_types.items()}
    setters = {name: inspect.getsource(getattr(model, name).fset) for name in model.swagger_types}
    required = {model.attribute_map[name] for name, text in setters.items() if "must not be `None`" in text}
    return fields, frozenset(required)


@functools.cache
def methods() -> dict[str, Method]:
    """All endpoints by path: those of the SDK, and those that are only documented."""
    found = {
        path: Method(path, verb, fields, frozenset(required)) for path, (verb, fields, required) in _DOCUMENTED.items()
    }
    for module in pkgutil.iter_modules(api.__path__):
        text = inspect.getsource(importlib.import_module(f"{api.__name__}.{module.name}"))
        for method in text.split("\n    def ")[1:]:
            if called := re.search(rf"'{_ROOT}(\S+)', '(GET|POST)'", method):
                path, verb = called.groups()
                found[path] = Method(path, verb, *_parameters(path, method.split('"""')[1]))
    return found


def _parameters(path: str, documentation: str) -> tuple[dict[str, str], frozenset[str]]:
    """What a method of the SDK takes: its body's fields, or the parameters that it documents."""
    if path in _FORMS:
        return _model(getattr(models, _FORMS[path]))
    fields, required = {}, set()
    for kind, name, rest in re.findall(r":param ([\w\[\]]+) (\w+):([^\n]*)", documentation):
        if name == "body":
            return _model(getattr(models, kind))
        if name != "access_token":
            fields[name] = kind
            required |= {name} if "(required)" in rest else set()
    return fields, frozenset(required)


@functools.cache
def described() -> dict[str, dict[str, Any]]:
    """The schema of each path's values in the official OpenAPI description, if there is one."""
    file = os.environ.get(DESCRIPTION)
    if not file:
        return {}
    with open(file, encoding="utf-8") as text:
        spec = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return {path.lstrip("/"): _schema_of(*operations.values()) for path, operations in spec["paths"].items()}


def _schema_of(operation: dict[str, Any]) -> dict[str, Any]:
    if body := operation.get("requestBody"):
        return next(iter(body["content"].values()))["schema"]
    properties = {}
    for parameter in operation.get("parameters", []):
        properties[parameter["name"]] = parameter.get("schema") or parameter["content"]["application/json"]["schema"]
    return {"properties": properties}


def _schema_problems(place: str, value: Any, schema: dict[str, Any]) -> Iterator[str]:
    """Values and sizes. `use_part` says that only the enum's values that are valid here count; the documentation names
    more of them for some fields, so that only values that the enum lacks are wrong for certain."""
    enum = schema.get("x-open-enum")
    if enum and isinstance(value, str) and value not in {v["key"] for v in enum["enums"]}:
        yield f"{place} is no {enum['enum_package_name']}: {value}"
    if isinstance(value, list):
        least, most = schema.get("minItems", 0), schema.get("maxItems", len(value))
        if not least <= len(value) <= most:
            yield f"{place} has {len(value)} items instead of {least} to {most}"
        for i, item in enumerate(value):
            yield from _schema_problems(f"{place}.{i}", item, schema.get("items", {}))
    if isinstance(value, dict):
        for name, inner in value.items():
            inner_schema = schema.get("properties", {}).get(name, {})
            yield from _schema_problems(f"{place}.{name}".lstrip("."), inner, inner_schema)
    if isinstance(value, int) and value > schema.get("maximum", value):
        yield f"{place} is more than {schema['maximum']}"
