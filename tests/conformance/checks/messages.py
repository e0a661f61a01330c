"""Google's messages of the API's version that adops speaks, and what their documentation says of their fields."""

import inspect
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import proto
from google.ads.googleads.v26 import services
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import Message

VERSION = "v26"

OUTPUT_ONLY, IMMUTABLE, REQUIRED = "Output only", "Immutable", "Required"
# `name (type):` before the text of a field, in the documentation of a message.
_HEAD = re.compile(r"^ {4}(\w+) \([^()]*\):\n", re.MULTILINE)
_BEHAVIOURS = re.compile(r"\s*(Output only|Immutable|Required|Optional)\.")


def service_message(name: str) -> type[proto.Message] | None:
    """The class of a request or response, if there is one of this name."""
    found = getattr(services.types, name, None)
    return found if isinstance(found, type) and issubclass(found, proto.Message) else None


def parse(message: type[proto.Message], body: Any) -> Message:
    """Reads proto3 JSON as strictly as Google does: no unknown names or enum values, one member of a oneof.

    Raises ParseError.
    """
    if not isinstance(body, dict):
        raise ParseError(f"{message.__name__}: an object is needed, not {type(body).__name__}")
    try:
        return ParseDict(body, message.pb(message()), ignore_unknown_fields=False)
    except ParseError as error:
        raise ParseError(str(error).split("\n")[0]) from error  # the rest lists all names that there are
    except (TypeError, ValueError) as error:
        raise ParseError(f"{message.__name__}: {error}") from error


def field(message: Descriptor, name: str) -> FieldDescriptor | None:
    """A field by its name in the API. Python's classes append `_` to names that are Python's own (`type_`)."""
    return message.fields_by_name.get(name) or message.fields_by_name.get(f"{name}_")


def api_name(descriptor: FieldDescriptor) -> str:
    """A field's name in the API."""
    return str(descriptor.name).rstrip("_")


def is_ads(message: Descriptor | None) -> bool:
    """Whether a message is one of the Google Ads API's own."""
    return message is not None and message.full_name.startswith("google.ads.")


@cache
def behaviours(message: Descriptor) -> dict[str, frozenset[str]]:
    """What is said of each field: output only, immutable, required.

    Python's descriptors do not carry `google.api.field_behavior`; the documentation of their classes, which is made
    from the same definitions, begins a field's text with it.
    """
    text = inspect.getdoc(_classes()[message.full_name]) or ""
    heads = list(_HEAD.finditer(text))
    return {head[1].rstrip("_"): frozenset(_leading(text, head.end())) for head in heads}


def _leading(text: str, position: int) -> Iterator[str]:
    while found := _BEHAVIOURS.match(text, position):
        yield found[1]
        position = found.end()


@cache
def _classes() -> dict[str, type[proto.Message]]:
    found: dict[str, type[proto.Message]] = {}
    open_ = [proto.Message]
    while open_:
        for message in open_.pop().__subclasses__():
            if message.meta.full_name.startswith(f"google.ads.googleads.{VERSION}."):
                found[message.meta.full_name] = message
            open_.append(message)
    return found
