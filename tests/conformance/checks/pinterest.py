"""Checks recordings of Pinterest's API against Pinterest's own OpenAPI description: paths, parameters, bodies, answers.

The description is complete (types, enums, sizes, answers) and large; the environment variable ADOPS_PINTEREST_OPENAPI
names a file with it (`v5/openapi.yaml` of pinterest/api-description). Without it nothing is checked, and that is said.
"""

import functools
import os
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import yaml

from checks.recordings import Recording
from checks.report import ANSWERS, ERRORS, REFUSED, REQUESTS, Report

DESCRIPTION = "ADOPS_PINTEREST_OPENAPI"
_ROOT = "/v5"
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}
# What the simulator says of a request that does not fit the description.
_MALFORMED = ("Additional properties", "is a required", "is not a parameter", "is not one of", "is not an integer")

Schema = dict[str, Any]


def check(recordings: Iterable[Recording]) -> Report:
    """Checks recorded requests and their answers."""
    report = Report()
    if not described():
        return report
    for recording in recordings:
        if recording.platform == "pinterest":
            _check(recording, report)
    return report


def _check(recording: Recording, report: Report) -> None:
    url = urlsplit(recording.path)
    found = _operation(recording.method, url.path)
    if found is None:
        # Another version, or what the simulator's own tests ask for.
        if recording.status == 404 and (recording.provoking or not url.path.startswith(f"{_ROOT}/")):
            report.passes("pinterest not there", REFUSED)
        else:
            report.fails("pinterest unknown", REQUESTS, recording.place, [f"no {recording.method} {url.path}"])
        return
    path, operation = found
    name = f"pinterest {recording.method} {path.removeprefix('/ad_accounts/{ad_account_id}') or '/'}"
    problems = [*_query_problems(operation, url.query), *_body_problems(operation, recording.body)]
    _report_request(recording, name, problems, report)
    if recording.status == 200:
        _report(report, name, ANSWERS, recording, list(_answer_problems(operation, recording.response)))
    elif recording.status >= 400 and recording.response:
        _report(report, name, ERRORS, recording, list(_problems("", recording.response, {"$ref": "#/components/schemas/Error"})))


def _report_request(recording: Recording, name: str, problems: list[str], report: Report) -> None:
    """Requests must be right, but for those of the simulator's own tests, which it must refuse when they are wrong."""
    if not recording.provoking or recording.status in (0, 200):
        _report(report, name, REQUESTS, recording, problems)
        return
    said = str((recording.response or {}).get("message", "")) if isinstance(recording.response, dict) else ""
    if not problems and any(text in said for text in _MALFORMED):
        _report(report, name, REFUSED, recording, ["refused as malformed, though it is not"])
    else:
        report.passes(name, REFUSED)


def _report(report: Report, name: str, column: str, recording: Recording, problems: list[str]) -> None:
    if problems:
        report.fails(name, column, recording.place, problems)
    else:
        report.passes(name, column)


def _operation(method: str, path: str) -> tuple[str, Schema] | None:
    if not path.startswith(f"{_ROOT}/"):
        return None
    asked = path.removeprefix(_ROOT)
    # A path without a variable goes before one with.
    for known in sorted(described()["paths"], key=lambda known: known.count("{")):
        pattern = re.sub(r"\\\{[^/]+\\\}", "[^/]+", re.escape(known))
        operation = described()["paths"][known].get(method.lower())
        if operation and re.fullmatch(pattern, asked):
            return known, operation
    return None


def _query_problems(operation: Schema, query: str) -> Iterator[str]:
    known = {p["name"]: p for p in map(_resolved, operation.get("parameters", [])) if p["in"] == "query"}
    given: dict[str, list[str]] = {}
    for name, text in parse_qsl(query, keep_blank_values=True):
        given.setdefault(name, []).append(text)
    for name, parameter in known.items():
        if parameter.get("required") and name not in given:
            yield f"the parameter {name} is required"
    for name, texts in given.items():
        if name not in known:
            yield f"{name} is no parameter"
            continue
        schema = _resolved(known[name]["schema"])
        if schema.get("type") == "array":
            # A list is a parameter for each item unless it says otherwise.
            texts = texts if known[name].get("explode", True) else texts[0].split(",")
            kind = _resolved(schema["items"]).get("type")
            yield from _problems(name, [_read(text, kind) for text in texts], schema)
        elif len(texts) > 1:
            yield f"{name} is there more than once"
        else:
            yield from _problems(name, _read(texts[0], schema.get("type")), schema)


def _read(text: str, kind: str | None) -> Any:
    return int(text) if kind == "integer" and re.fullmatch(r"-?\d+", text) else text


def _body_problems(operation: Schema, body: Any) -> Iterator[str]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        if body is not None:
            yield "a body where there is none"
        return
    yield from _problems("", body, content["schema"])


def _answer_problems(operation: Schema, answer: Any) -> Iterator[str]:
    yield from _problems("", answer, operation["responses"]["200"]["content"]["application/json"]["schema"])


def _problems(place: str, value: Any, schema: Schema) -> Iterator[str]:
    """What is wrong with a value. Of an object, fields that no part of its schema names are wrong, too."""
    schema = _flat(schema)
    if value is None:
        # Answers have null for what is not set, whatever the description says of it.
        return
    kinds = _TYPES.get(schema.get("type", ""), (object,))
    if not isinstance(value, kinds) or (isinstance(value, bool) and schema.get("type") in ("integer", "number")):
        yield f"{place} is no {schema['type']}: {value!r}"
        return
    enum = schema.get("enum")
    if enum and value not in enum:
        yield f"{place} is none of its values: {value!r}"
    if isinstance(value, str):
        if len(value) > schema.get("maxLength", len(value)):
            yield f"{place} is longer than {schema['maxLength']}"
        if "pattern" in schema and not re.search(schema["pattern"], value):
            yield f"{place} is not of the form {schema['pattern']}: {value!r}"
    elif isinstance(value, list):
        least, most = schema.get("minItems", 0), schema.get("maxItems", len(value))
        if not least <= len(value) <= most:
            yield f"{place} has {len(value)} items instead of {least} to {most}"
        for item in value:
            yield from _problems(f"{place}[]", item, schema.get("items", {}))
    elif isinstance(value, dict):
        yield from _object_problems(place, value, schema)
    elif isinstance(value, int) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield f"{place} is out of its range: {value}"


def _object_problems(place: str, value: dict[str, Any], schema: Schema) -> Iterator[str]:
    properties = schema.get("properties", {})
    for name in schema.get("required", []):
        if name not in value:
            yield f"{place}.{name} is required".lstrip(".")
    for name, inner in value.items():
        if name in properties:
            yield from _problems(f"{place}.{name}".lstrip("."), inner, properties[name])
        elif properties and not schema.get("additionalProperties"):
            yield f"{place}.{name} is no field".lstrip(".")


def _flat(schema: Schema) -> Schema:
    """A schema with what its parts say, the more special one last."""
    schema = _resolved(schema)
    flat: Schema = {}
    for part in [*schema.get("allOf", []), {k: v for k, v in schema.items() if k != "allOf"}]:
        part = part if "allOf" not in part and "$ref" not in part else _flat(part)
        properties = flat.get("properties", {}) | part.get("properties", {})
        required = [*flat.get("required", []), *part.get("required", [])]
        flat |= part
        if properties:
            flat["properties"] = properties
        if required:
            flat["required"] = required
    return flat


def _resolved(schema: Schema) -> Schema:
    while "$ref" in schema:
        found: Any = described()
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


@functools.cache
def described() -> Schema:
    """The official description, if there is one."""
    file = os.environ.get(DESCRIPTION)
    if not file:
        return {}
    with open(file, encoding="utf-8") as text:
        spec: Schema = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return spec
