"""What a recorded request to Meta is: its parameters, whatever way they came, and the calls of a batch."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from checks.recordings import Recording

_PATH = re.compile(r"^/?(?:(v\d+\.\d+)(?:/|$))?(.*)$")


@dataclass(frozen=True)
class Call:
    """One call: a request, or an element of a batch."""

    verb: str
    version: str
    node: str
    edge: str
    params: dict[str, Any]
    status: int
    response: Any
    name: str | None = None  # in a batch


def calls(recording: Recording) -> Iterator[Call]:
    """The calls of a request, in order."""
    call = _call(recording.method, recording.path, recording.body, recording.status, recording.response)
    if call.node or "batch" not in call.params:
        yield call
        return
    items = decoded(call.params["batch"])
    answers = recording.response if isinstance(recording.response, list) else [None] * len(items)
    for item, answer in zip(items, answers, strict=False):
        status, body = (answer["code"], decoded(answer["body"])) if answer else (0, None)
        form = dict(parse_qsl(item.get("body", ""), keep_blank_values=True))
        path = item["relative_url"]
        if not _PATH.match(path).group(1):
            path = f"{call.version}/{path.lstrip('/')}"
        one = _call(item.get("method", "GET"), path, form, status, body)
        yield Call(**{**vars(one), "name": item.get("name")})


def _call(verb: str, path: str, body: Any, status: int, response: Any) -> Call:
    url = urlsplit(path)
    version, rest = _PATH.match(url.path).groups()
    node, _, edge = rest.strip("/").partition("/")
    params = dict(parse_qsl(url.query, keep_blank_values=True)) | (body if isinstance(body, dict) else {})
    verb = str(params.get("method", verb)).upper()
    return Call(verb, version or "", node, edge, params, status, response)


def decoded(value: Any) -> Any:
    """A value that may come as JSON text."""
    if isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def field_tree(text: str) -> dict[str, Any]:
    """`id,adlabels{id,name}` as a tree of dictionaries. ValueError if it is none."""
    if text.startswith("["):
        text = ",".join(json.loads(text))
    tokens = re.findall(r"[A-Za-z0-9_]+|\.\w+\(|[{}(),]|\S", text)
    position = 0

    def read() -> dict[str, Any]:
        nonlocal position
        fields: dict[str, Any] = {}
        while position < len(tokens) and re.fullmatch(r"\w+", tokens[position]):
            name = tokens[position]
            position += 1
            fields[name] = {}
            while position < len(tokens) and tokens[position].startswith("."):
                modifier = tokens[position]
                position += 1
                if modifier == ".fields(":
                    fields[name] = read()
                else:
                    position += 1
                expect(")")
            if position < len(tokens) and tokens[position] == "{":
                position += 1
                fields[name] = read()
                expect("}")
            if position < len(tokens) and tokens[position] == ",":
                position += 1
        return fields

    def expect(token: str) -> None:
        nonlocal position
        if position >= len(tokens) or tokens[position] != token:
            raise ValueError(f"{token} is expected in {text!r}")
        position += 1

    tree = read()
    if position < len(tokens):
        raise ValueError(f"{tokens[position]!r} is not expected in {text!r}")
    return tree
