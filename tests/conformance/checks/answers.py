"""Answers of the simulator: those of the method, and errors."""

import re
from collections.abc import Iterator
from typing import Any

from google.ads.googleads.v26 import errors, services
from google.protobuf.descriptor import Descriptor
from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2

from checks import messages
from checks.methods import Method

# What the `details` of an error may hold; a detail of another type cannot be read.
_DETAILS = (errors.types.GoogleAdsFailure.pb(), error_details_pb2.BadRequest, error_details_pb2.RetryInfo)

_CODES = frozenset(code_pb2.Code.keys())
_VERSION = re.compile(r"(?<=googleads\.)v\d+(?=\.errors\.)")


class Rows:
    """Rows of searches. Most come again and again; each is read once."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def check(self, row: Any) -> None:
        """Reads a row. Raises ParseError."""
        text = repr(row)
        if text not in self._seen:
            messages.parse(services.types.GoogleAdsRow, row)
            self._seen.add(text)


def check(method: Method, answer: Any, rows: Rows) -> Iterator[Message]:
    """Reads an answer of status 200; yields its messages without rows. Raises ParseError."""
    if not method.is_stream:
        yield _check_one(method, answer, rows)
        return
    if not isinstance(answer, list):
        raise ParseError("a stream is a list of answers")
    for part in answer:
        yield _check_one(method, part, rows)


def _check_one(method: Method, answer: Any, rows: Rows) -> Message:
    if method.name.startswith("googleAds:search") and isinstance(answer, dict):
        results = answer.get("results", [])
        if not isinstance(results, list):
            raise ParseError("results is a list")
        for row in results:
            rows.check(row)
        answer = {name: value for name, value in answer.items() if name != "results"}
    return messages.parse(method.response, answer)


def check_error(status: int, answer: Any) -> list[Message]:
    """Reads an error's body and returns its failures. Raises ParseError."""
    error = answer.get("error") if isinstance(answer, dict) and set(answer) == {"error"} else None
    if not isinstance(error, dict):
        raise ParseError("an error's body is {error: {...}}")
    if error.get("code") != status:
        raise ParseError(f"code {error.get('code')} of an answer with status {status}")
    if error.get("status") not in _CODES:
        raise ParseError(f"no status of google.rpc.Code: {error.get('status')}")
    plain = {name: value for name, value in error.items() if name != "status"}
    return failures(ParseDict(_of_this_version(plain), status_pb2.Status()))


def _of_this_version(error: dict[str, Any]) -> dict[str, Any]:
    """A request to a version that is no longer served is answered by another; only then is its failure read as ours."""
    details = error.get("details", [])
    codes = [ads.get("errorCode") for detail in details for ads in detail.get("errors", [])]
    if codes != [{"requestError": "UNSUPPORTED_VERSION"}]:
        return error
    ours = [detail | {"@type": _VERSION.sub(messages.VERSION, detail["@type"])} for detail in details]
    return error | {"details": ours}


def failures(status: Message) -> list[Message]:
    """The `GoogleAdsFailure`s of an error. Raises ParseError."""
    found = []
    for detail in status.details:
        for message in _DETAILS:
            if detail.Is(message.DESCRIPTOR):
                read = message()
                detail.Unpack(read)
                if message is _DETAILS[0]:
                    found.append(read)
                break
        else:
            raise ParseError(f"a detail of the unknown type {detail.type_url}")
    return found


def failure_problems(failure: Message, request: Descriptor) -> Iterator[str]:
    """Errors without a code, and places that the request's message does not have."""
    for error in failure.errors:
        if error.error_code.WhichOneof("error_code") is None:
            yield "an error without a code"
        place = error.location.field_path_elements
        if place and not _exists(request, [element.field_name for element in place]):
            yield f"{request.name} has no place {'.'.join(element.field_name for element in place)}"


def _exists(message: Descriptor | None, names: list[str]) -> bool:
    for name in names:
        # A member of a oneof that is missing has no name: Google names the oneof (`campaign_bidding_strategy`).
        if message and name == names[-1] and name in message.oneofs_by_name:
            return True
        field = messages.field(message, name) if message else None
        if field is None:
            return False
        message = field.message_type
    return True
