"""Checks recordings one by one."""

import hashlib
from collections.abc import Iterable
from typing import Any

from google.protobuf.json_format import ParseError
from google.protobuf.message import Message

from checks import answers, gaql, messages, requests
from checks.methods import Method, UnknownMethod, method_of
from checks.recordings import Recording
from checks.report import ANSWERS, ERRORS, REFUSED, REQUESTS, Report

# The simulator says so where it knows less than Google.
_NOT_SIMULATED = "adsim does not simulate"


def check(recordings: Iterable[Recording]) -> Report:
    """Checks recorded requests and their answers."""
    checker = _Checker()
    for recording in recordings:
        # Only the simulator's own tests ask for other versions, whose messages are not known here.
        is_other = recording.provoking and not recording.path.startswith(f"/{messages.VERSION}/")
        if recording.platform == "google" and not recording.is_token and not is_other:
            checker.check(recording)
    return checker.report


class _Checker:
    """Polls ask the same and are answered the same thousands of times: what was read once is not read again."""

    def __init__(self) -> None:
        self.report = Report()
        self._rows = answers.Rows()
        self._requests: dict[bytes, list[str]] = {}
        self._answers: dict[bytes, list[str]] = {}

    def check(self, recording: Recording) -> None:
        try:
            method = method_of(recording.method, recording.path)
        except UnknownMethod as error:
            _report_request(recording, "unknown", [str(error)], self.report)
            return
        _report_request(recording, method.name, self._request_problems(method, recording), self.report)
        if recording.status == 200:
            _report(method, ANSWERS, recording, self._answer_problems(method, recording), self.report)
        elif recording.status != 0 and _error_of_the_service(recording.response):
            _report(method, ERRORS, recording, self._answer_problems(method, recording), self.report)

    def _request_problems(self, method: Method, recording: Recording) -> list[str]:
        key = _digest(method.name, recording.body)
        if key not in self._requests:
            request, self._requests[key] = _read_request(method, recording.body)
            if request and not recording.provoking:
                _note_coverage(method, request, self.report)
        return self._requests[key]

    def _answer_problems(self, method: Method, recording: Recording) -> list[str]:
        key = _digest(method.name, recording.status, recording.response)
        if key not in self._answers:
            if recording.status == 200:
                self._answers[key] = _answer_problems(method, recording.response, self._rows)
            else:
                self._answers[key] = _error_problems(method, recording)
        return self._answers[key]


def _digest(*values: Any) -> bytes:
    return hashlib.blake2b(repr(values).encode(), digest_size=16).digest()


def _read_request(method: Method, body: Any) -> tuple[Message | None, list[str]]:
    """The request and what is wrong with it."""
    try:
        request = messages.parse(method.request, {} if body is None else body)
        if "query" in request.DESCRIPTOR.fields_by_name:
            gaql.check(request.query)
    except (ParseError, gaql.QueryError) as error:
        return None, [str(error)]
    return request, list(requests.problems(method, request))


def _report_request(recording: Recording, method: str, problems: list[str], report: Report) -> None:
    """Requests must be right, but for those of the simulator's own tests, which it must refuse when they are wrong.

    What it calls malformed must then be so: a simulator that refuses more than Google teaches the wrong thing.
    """
    if not recording.provoking or recording.status in (0, 200):
        if problems:
            report.fails(method, REQUESTS, recording.place, problems)
        else:
            report.passes(method, REQUESTS)
    elif not problems and _is_malformed(recording.response):
        report.fails(method, REFUSED, recording.place, ["refused as malformed, though it is not"])
    else:
        report.passes(method, REFUSED)


def _report(method: Method, column: str, recording: Recording, problems: list[str], report: Report) -> None:
    if problems:
        report.fails(method.name, column, recording.place, problems)
    else:
        report.passes(method.name, column)


def _note_coverage(method: Method, request: Message, report: Report) -> None:
    report.seen["methods"][method.name] += 1
    for place, operation in requests.operations(request):
        kind = place if place.endswith("_operation") else method.name
        report.seen["operations"][f"{kind}.{requests.verb_of(operation)}"] += 1
    if "query" in request.DESCRIPTOR.fields_by_name:
        report.seen["resources"][gaql.check(request.query).resource] += 1


def _answer_problems(method: Method, answer: Any, rows: answers.Rows) -> list[str]:
    try:
        found = list(answers.check(method, answer, rows))
        partial = [
            failure
            for part in found
            if "partial_failure_error" in part.DESCRIPTOR.fields_by_name
            for failure in answers.failures(part.partial_failure_error)
        ]
    except ParseError as error:
        return [str(error)]
    return _failure_problems(method, partial)


def _error_problems(method: Method, recording: Recording) -> list[str]:
    try:
        found = answers.check_error(recording.status, recording.response)
    except ParseError as error:
        return [str(error)]
    return _failure_problems(method, found)


def _failure_problems(method: Method, failures: list[Message]) -> list[str]:
    request = method.request.pb().DESCRIPTOR
    return [problem for failure in failures for problem in answers.failure_problems(failure, request)]


def _error_of_the_service(answer: Any) -> dict[str, Any] | None:
    """The error in an answer. None if there is none, or something before the service has answered: a gateway's page."""
    error = answer.get("error") if isinstance(answer, dict) else None
    return error if isinstance(error, dict) else None


def _is_malformed(answer: Any) -> bool:
    """Whether an answer says that the request does not fit the messages."""
    details = (_error_of_the_service(answer) or {}).get("details", [])
    violations = [violation for detail in details for violation in detail.get("fieldViolations", [])]
    return bool(violations) and not any(_NOT_SIMULATED in violation["description"] for violation in violations)
