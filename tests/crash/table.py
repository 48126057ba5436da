"""Runs as the tables of docs/crash.md: python -m tests.crash.table FILE...

Each file has the lines that `python -m tests.crash --out FILE` wrote.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Row = dict[str, Any]
HEAD = "| what | runs | as declared | as before | neither, or not at rest | exits |\n|---|---|---|---|---|---|\n"


def make_table(rows: Iterable[Row]) -> str:
    """A line for each kind of deploy and what happened to it."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(f"{row['kind']}: {row['what']}", []).append(row)
    return HEAD + "".join(_make_line(name, found) for name, found in groups.items())


def _make_line(name: str, rows: list[Row]) -> str:
    right = [row for row in rows if not row["wrong"]]
    hosts = Counter(row["host"] for row in right)
    exits = Counter(row["exit"] for row in rows)
    said = ", ".join(f"{code} ({count})" for code, count in sorted(exits.items()))
    wrong = len(rows) - len(right)
    return f"| {name} | {len(rows)} | {hosts['as declared']} | {hosts['as before']} | {wrong} | {said} |\n"


def main(paths: list[str]) -> None:
    rows = [json.loads(line) for path in paths for line in Path(path).read_text().splitlines()]
    sys.stdout.write(make_table(rows))


if __name__ == "__main__":
    main(sys.argv[1:])
