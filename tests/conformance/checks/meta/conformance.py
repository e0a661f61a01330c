"""Checks recordings of Meta one by one: names, types and enums of parameters, names of fields, forms of answers."""

from collections.abc import Iterable, Iterator
from typing import Any

from facebook_business.adobjects.adaccount import AdAccount

from checks.meta.requests import Call, calls, decoded, field_tree
from checks.meta.surface import EDGES, NODES, VERSION, Method, class_of_field, fields_of, methods_of
from checks.recordings import Recording
from checks.report import ANSWERS, ERRORS, REFUSED, REQUESTS, Report

# Parameters of the Graph API that no method lists.
ANYWHERE = {"access_token", "appsecret_proof", "fields", "method", "format", "locale", "pretty"}
# Parameters of reads of edges that no method lists.
OF_EDGES = {"limit", "after", "before", "filtering", "summary", "effective_status", "sort"}
# Paths that are no nodes, and their parameters.
OTHERS = {
    "me": set(),
    "debug_token": {"input_token"},
    "search": {"type", "q", "location_types", "limit", "country_code", "match_country_code", "countries", "regions",
               "geo_markets"},
    "": {"ids", "batch", "include_headers"},
}
# In use, though the SDK does not list them: edges that the class lacks, and parameters that the documentation has.
UNLISTED = {
    "POST AdAccount adimages": {"name", "filename"},
    "POST AdAccount advideos": {"name", "source", "filename"},
    "POST AdAccount adcreatives": {"status"},
}
ERROR_FIELDS = {
    "message", "type", "code", "error_subcode", "error_user_title", "error_user_msg", "error_data", "is_transient",
    "fbtrace_id",
}
# The simulator says so where it is stricter than the service.
STRICT = "The simulator is strict"


def check(recordings: Iterable[Recording]) -> Report:
    """Checks recorded requests and their answers."""
    checker = _Checker()
    for recording in recordings:
        if recording.platform == "meta":
            checker.check(recording)
    return checker.report


class _Checker:
    """The kinds of ids are learnt from the edges on which they appear."""

    def __init__(self) -> None:
        self.report = Report()
        self._kinds: dict[str, type] = {}

    def check(self, recording: Recording) -> None:
        for call in calls(recording):
            # Only the simulator's own tests ask for other versions, and for what does not exist.
            if recording.provoking and call.version != VERSION:
                continue
            self._check_call(recording, call)

    def _check_call(self, recording: Recording, call: Call) -> None:
        methods, problems = self._methods(call)
        name = methods[0].name if methods else f"{call.verb} {call.node or 'batch'} {call.edge}".strip()
        if call.node in OTHERS:
            problems = list(_other_problems(call))
        elif methods:
            # An id whose kind is not known may be of any that has such a method.
            problems = min((list(_request_problems(method, call)) for method in methods), key=len)
        if call.version != VERSION:
            problems.append(f"version {call.version or 'none'} instead of {VERSION}")
        self._note(recording, call, name, problems)
        if call.status == 200:
            found = list(_answer_problems(methods[0], call)) if len(methods) == 1 else []
            self._count(name, ANSWERS, recording, found)
            self._learn(methods, call)
        elif isinstance(call.response, dict) and isinstance(call.response.get("error"), dict):
            if not _is_of_a_fault(call.response):
                self._count(name, ERRORS, recording, list(_error_problems(call)))

    def _note(self, recording: Recording, call: Call, name: str, problems: list[str]) -> None:
        """Requests must be right, but for those of the simulator's own tests, which it must refuse when they are wrong."""
        if not recording.provoking or call.status in (0, 200):
            self._count(name, REQUESTS, recording, problems)
        elif not problems and STRICT in str(call.response):
            self._count(name, REFUSED, recording, ["refused as unknown, though it is not"])
        else:
            self._count(name, REFUSED, recording, [])

    def _count(self, name: str, column: str, recording: Recording, problems: list[str]) -> None:
        if problems:
            self.report.fails(name, column, recording.place, problems)
        else:
            self.report.passes(name, column)

    def _methods(self, call: Call) -> tuple[list[Method], list[str]]:
        if call.node in OTHERS:
            return [], []
        known = [AdAccount] if call.node.startswith("act_") else [self._kinds[call.node]] if call.node in self._kinds else NODES
        found = [m for m in (methods_of(node).get((call.verb, call.edge)) for node in known) if m]
        if found:
            return found, []
        names = " or ".join(node.__name__ for node in known)
        return [], [f"{call.verb} of {call.edge or 'the node'} is no method of {names}"]

    def _learn(self, methods: list[Method], call: Call) -> None:
        kind = EDGES.get(call.edge)
        if not kind or not isinstance(call.response, dict):
            return
        if call.verb == "POST" and call.node.startswith("act_") and "id" in call.response:
            self._kinds[call.response["id"]] = kind
        for row in call.response.get("data", []) if call.verb == "GET" else []:
            if isinstance(row, dict) and "id" in row:
                self._kinds[row["id"]] = kind


def _is_of_a_fault(response: dict[str, Any]) -> bool:
    """Whether the error is a test's own: something before the service, without the service's fields."""
    return "fbtrace_id" not in response["error"]


def _other_problems(call: Call) -> Iterator[str]:
    allowed = OTHERS[call.node] | ANYWHERE | (OF_EDGES if call.edge else set())
    yield from (f"no parameter {name}" for name in call.params if name not in allowed)


def _request_problems(method: Method, call: Call) -> Iterator[str]:
    is_edge_read = call.verb == "GET" and bool(call.edge)
    allowed = ANYWHERE | UNLISTED.get(method.name, set()) | (OF_EDGES if is_edge_read else set())
    for name, value in call.params.items():
        if name in method.params and name != "fields":
            yield from _value_problems(method, name, value)
        elif name not in allowed:
            yield f"no parameter {name}"
    # A create answers its id only; the fields that its method takes are those of what it creates.
    node = EDGES.get(call.edge, method.target) if call.edge else method.target
    if "fields" in call.params:
        yield from _field_problems(node, str(call.params["fields"]))


def _value_problems(method: Method, name: str, value: Any) -> Iterator[str]:
    """What the SDK's own checker says of a value, read as the type that it shall have."""
    kind = method.params[name]
    if value in ("(secret)", "(content)") or kind in ("string", "datetime", "file"):
        return
    read = value if kind in method.enums else decoded(value)
    if kind == "bool" and str(value).lower() in ("0", "1"):
        return
    # The SDK takes a number with decimals for whole ones; the service does not.
    whole = "int" not in kind or not isinstance(read, float)
    if not whole or not method.checker.is_valid_pair(name, read):
        yield f"{name} is no {kind}: {value!r:.80}"


def _field_problems(node: type, text: str) -> Iterator[str]:
    try:
        tree = field_tree(text)
    except ValueError as error:
        yield str(error)
        return
    yield from _tree_problems(node, tree)


def _tree_problems(node: type, tree: dict[str, Any]) -> Iterator[str]:
    for name, below in tree.items():
        inner = class_of_field(node, name)
        if name not in fields_of(node) and not (inner and name in EDGES):
            yield f"{node.__name__} has no field {name}"
        elif below and inner:
            yield from _tree_problems(inner, below)
        elif below:
            yield f"nothing is below {node.__name__}.{name}"


def _answer_problems(method: Method, call: Call) -> Iterator[str]:
    answer = call.response
    if not isinstance(answer, dict):
        yield "an object is expected"
        return
    if call.verb != "GET":
        known = {"id", "success", "images", "report_run_id"}
        yield from (f"the answer has an unknown {name}" for name in answer if name not in known)
        return
    if not call.edge:
        yield from _row_problems(method.target, answer)
        return
    if unknown := set(answer) - {"data", "paging", "summary"}:
        yield f"the answer has unknown parts: {', '.join(sorted(unknown))}"
    for row in answer.get("data", []):
        yield from _row_problems(EDGES.get(call.edge, method.target), row)


def _row_problems(node: type, row: dict[str, Any]) -> Iterator[str]:
    for name, value in row.items():
        inner = class_of_field(node, name)
        if name not in fields_of(node) and not (inner and name in EDGES):
            yield f"{node.__name__} has no field {name}"
            continue
        yield from _enum_problems(node, name, value)
        rows = value.get("data", [value]) if isinstance(value, dict) else value if isinstance(value, list) else []
        for item in rows if inner in NODES else []:
            yield from _row_problems(inner, item)


def _enum_problems(node: type, name: str, value: Any) -> Iterator[str]:
    words = "".join(part.capitalize() for part in name.split("_"))
    enum = getattr(node, words, None)
    if enum and isinstance(value, str) and value not in vars(enum).values():
        yield f"{node.__name__}.{name} has no value {value}"


def _error_problems(call: Call) -> Iterator[str]:
    error = call.response["error"]
    yield from (f"an error without {name}" for name in ("message", "type", "code", "fbtrace_id") if name not in error)
    yield from (f"errors have no {name}" for name in error if name not in ERROR_FIELDS)
    if not isinstance(error.get("code"), int):
        yield "the code of an error is a number"
