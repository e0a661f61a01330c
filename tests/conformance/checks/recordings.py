"""Reads what the simulator has recorded: one JSON line a request."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# The simulator's own tests send wrong requests on purpose; their files are named after its package.
PROVOKING = "adsim-"


@dataclass(frozen=True)
class Recording:
    """A request and its answer."""

    place: str  # file:line
    provoking: bool  # sent by a test that may want to be refused
    platform: str
    method: str
    path: str
    body: Any
    status: int  # 0: the connection was cut before the request took effect
    response: Any

    @property
    def is_token(self) -> bool:
        """Whether it asks for an access token; such requests are not the platform's messages."""
        return self.path == "/token"


def read(file: Path, platform: str) -> Iterator[Recording]:
    """The recordings of a platform in a file. The others' lines, which may be many, are not even parsed."""
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.endswith("\n"):
                return  # the simulator was killed while it wrote
            if f'"platform":"{platform}"' not in line:
                continue
            entry = json.loads(line)
            yield Recording(
                place=f"{file.name}:{number}",
                provoking=file.name.startswith(PROVOKING),
                platform=entry["platform"],
                method=entry["method"],
                path=entry["path"],
                body=entry["body"],
                status=entry["status"],
                response=entry["response"],
            )
