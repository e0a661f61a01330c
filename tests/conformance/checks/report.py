"""Counts, and what failed."""

from collections import Counter
from dataclasses import dataclass, field

# Columns of the table.
REQUESTS, REFUSED, ANSWERS, ERRORS = "requests", "refused", "answers", "errors"
COLUMNS = (REQUESTS, REFUSED, ANSWERS, ERRORS)
# Fewer than these, and the tests did not do what they are for. The simulator's own tests do not count.
LEAST = {"methods": 2, "operations": 12, "resources": 6}


@dataclass
class Report:
    """What has been checked."""

    passed: int = 0
    failed: int = 0
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)  # by method and column
    seen: dict[str, Counter[str]] = field(default_factory=lambda: {kind: Counter() for kind in LEAST})
    places: dict[str, str] = field(default_factory=dict)  # where each failure was found first
    failures: Counter[str] = field(default_factory=Counter)

    def passes(self, method: str, column: str) -> None:
        """Something is as it should be."""
        self.passed += 1
        self.counts[method, column] += 1

    def fails(self, method: str, column: str, place: str, problems: list[str]) -> None:
        """Something is not."""
        self.failed += 1
        self.counts[method, column] += 1
        for problem in problems:
            text = f"{method}, {column}: {problem}"
            self.failures[text] += 1
            self.places.setdefault(text, place)

    def add(self, other: "Report") -> None:
        """Adds another report."""
        self.passed += other.passed
        self.failed += other.failed
        self.counts += other.counts
        self.failures += other.failures
        self.places = other.places | self.places
        for kind, counts in other.seen.items():
            self.seen[kind] += counts

    def check_coverage(self) -> None:
        """A check of nothing is no check."""
        for kind, least in LEAST.items():
            found = len(self.seen[kind])
            if found < least:
                self.fails("coverage", REQUESTS, "all", [f"{found} {kind} instead of at least {least}"])

    def print(self) -> None:
        """Prints the table, the failures and the closing line."""
        methods = sorted({method for method, _ in self.counts})
        width = max(map(len, [*methods, "method"]))
        print(f"{'method':{width}}" + "".join(f"{column:>10}" for column in COLUMNS))
        for method in methods:
            print(f"{method:{width}}" + "".join(f"{self.counts[method, column]:10}" for column in COLUMNS))
        for kind, counts in self.seen.items():
            print(f"{len(counts)} {kind}: {', '.join(sorted(counts))}")
        for text, count in self.failures.most_common():
            print(f"FAILED {text} ({count} times, first at {self.places[text]})")
        print(f"{self.passed} passed, {self.failed} failed")
