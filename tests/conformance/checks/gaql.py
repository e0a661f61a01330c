"""Google Ads Query Language: its grammar, and whether all its names exist.

https://developers.google.com/google-ads/api/docs/query/grammar
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from google.ads.googleads.v26 import services
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from checks import messages

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*") |
        (?P<number>-?\d+(?:\.\d+)?) |
        (?P<word>[A-Za-z_][A-Za-z0-9_.]*) |
        (?P<sign>!=|>=|<=|[=<>(),])
    )""",
    re.VERBOSE,
)
_NOT_RESOURCES = {"metrics", "segments"}
_DATE_RANGES = set(
    """LAST_14_DAYS LAST_30_DAYS LAST_7_DAYS LAST_BUSINESS_WEEK LAST_MONTH LAST_WEEK_MON_SUN LAST_WEEK_SUN_SAT
    THIS_MONTH THIS_WEEK_MON_TODAY THIS_WEEK_SUN_TODAY TODAY YESTERDAY""".split()
)
_PARAMETERS = {"include_drafts", "omit_unselected_resource_names"}
_COMPARISONS = {"=", "!=", ">", ">=", "<", "<="}
_MATCHES = {"LIKE", "REGEXP_MATCH"}


class QueryError(Exception):
    """A query that Google would refuse."""


@dataclass
class Query:
    """What a query names."""

    resource: str = ""
    selected: list[str] = field(default_factory=list)
    filtered: list[tuple[str, list[str]]] = field(default_factory=list)  # with the values compared with
    ordered: list[str] = field(default_factory=list)


def check(text: str) -> Query:
    """Reads a query and looks up all its names in `GoogleAdsRow`. Raises QueryError."""
    query = _Parser(text).query()
    resource = messages.field(_row(), query.resource)
    if resource is None or query.resource in _NOT_RESOURCES:
        raise QueryError(f"FROM {query.resource}: no such resource")
    for path in [*query.selected, *query.ordered]:
        _leaf(path)
    for path, values in query.filtered:
        _check_values(path, _leaf(path), values)
    return query


@cache
def _row() -> Descriptor:
    return services.types.GoogleAdsRow.pb().DESCRIPTOR


def _leaf(path: str) -> FieldDescriptor:
    """The field that a path such as `campaign.network_settings.target_google_search` leads to."""
    message: Descriptor | None = _row()
    found: FieldDescriptor | None = None
    for name in path.split("."):
        if message is None or (found and found.is_repeated):
            raise QueryError(f"{path}: nothing is below {found and found.name}")
        found = messages.field(message, name)
        if found is None:
            raise QueryError(f"{path}: {message.name} has no field {name}")
        message = found.message_type
    if found is None or (message is not None and not found.is_repeated):
        raise QueryError(f"{path}: a whole message cannot be selected")
    return found


def _check_values(path: str, leaf: FieldDescriptor, values: list[str]) -> None:
    if leaf.enum_type is None:
        return
    for value in values:
        if value.strip("'\"") not in leaf.enum_type.values_by_name:
            raise QueryError(f"{path}: {leaf.enum_type.name} has no value {value}")


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        position, text = 0, text.rstrip()
        while position < len(text):
            found = _TOKEN.match(text, position)
            if not found:
                raise QueryError(f"cannot be read from here: {text[position:][:30]}")
            self._tokens.append((found.lastgroup or "", found[found.lastgroup or 0]))
            position = found.end()
        self._next = 0

    def query(self) -> Query:
        query = Query()
        self._expect("SELECT")
        query.selected = self._list(self._name)
        self._expect("FROM")
        query.resource = self._name()
        if self._take("WHERE"):
            query.filtered.append(self._condition())
            while self._take("AND"):
                query.filtered.append(self._condition())
        if self._take("ORDER"):
            self._expect("BY")
            query.ordered = self._list(self._ordering)
        if self._take("LIMIT"):
            self._kind("number")
        if self._take("PARAMETERS"):
            self._list(self._parameter)
        if self._next < len(self._tokens):
            raise QueryError(f"nothing more is expected: {self._peek()}")
        return query

    def _condition(self) -> tuple[str, list[str]]:
        name = self._name()
        if self._peek() in _COMPARISONS:
            self._word()
            return name, [self._value()]
        if self._take("IS"):
            self._take("NOT")
            self._expect("NULL")
            return name, []
        if self._take("DURING"):
            span = self._word()
            if span not in _DATE_RANGES:
                raise QueryError(f"DURING {span}: no such date range")
            return name, []
        if self._take("BETWEEN"):
            low = self._value()
            self._expect("AND")
            return name, [low, self._value()]
        if self._take("CONTAINS"):
            if not any(self._take(word) for word in ("ANY", "ALL", "NONE")):
                raise QueryError("CONTAINS needs ANY, ALL or NONE")
            return name, self._values()
        self._take("NOT")
        if self._take("IN"):
            return name, self._values()
        if self._peek().upper() in _MATCHES:
            self._word()
            self._kind("string")
            return name, []
        raise QueryError(f"{name}: no operator: {self._peek()}")

    def _ordering(self) -> str:
        name = self._name()
        if not self._take("ASC"):
            self._take("DESC")
        return name

    def _parameter(self) -> str:
        name = self._name()
        self._expect("=")
        if name not in _PARAMETERS or self._word() not in {"true", "false"}:
            raise QueryError(f"PARAMETERS {name}: no such parameter or value")
        return name

    def _values(self) -> list[str]:
        self._expect("(")
        values = self._list(self._value)
        self._expect(")")
        return values

    def _value(self) -> str:
        kind, text = self._token()
        if kind == "sign":
            raise QueryError(f"a value is expected, not {text}")
        return text

    def _list(self, item: Callable[[], str]) -> list[str]:
        items = [item()]
        while self._take(","):
            items.append(item())
        return items

    def _name(self) -> str:
        name = self._kind("word")
        if name != name.lower():
            raise QueryError(f"a name is expected, not {name}")
        return name

    def _kind(self, wanted: str) -> str:
        kind, text = self._token()
        if kind != wanted:
            raise QueryError(f"a {wanted} is expected, not {text}")
        return text

    def _word(self) -> str:
        return self._token()[1]

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise QueryError(f"{word} is expected, not {self._peek() or 'the end'}")

    def _take(self, word: str) -> bool:
        taken = self._peek().upper() == word
        self._next += taken
        return taken

    def _peek(self) -> str:
        return self._tokens[self._next][1] if self._next < len(self._tokens) else ""

    def _token(self) -> tuple[str, str]:
        if self._next == len(self._tokens):
            raise QueryError("it ends too early")
        self._next += 1
        return self._tokens[self._next - 1]
