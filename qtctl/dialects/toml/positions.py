"""Lines of TOML nodes, found only when something has to be shown."""

import tomllib
from collections.abc import Iterator

Path = tuple[str, ...]


def line_of(text: str, path: Path) -> int | None:
    """The line (from 1) where the node at `path`, or its nearest parent that is written down, begins."""
    lines = index(text)
    for end in range(len(path), 0, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return None


def line_of_written(text: str, path: str) -> int | None:
    """As line_of, of a path that is written with dots; keys may have dots in them."""
    lines = {".".join(keys): line for keys, line in index(text).items()}
    while path:
        if path in lines:
            return lines[path]
        path = path.rpartition(".")[0]
    return None


def index(text: str) -> dict[Path, int]:
    """Every key path of a TOML text and the line of the statement that first writes it."""
    found: dict[Path, int] = {}
    table: Path = ()
    for line, statement in _statements(text):
        paths = list(_paths(tomllib.loads(statement)))
        if statement.lstrip().startswith("["):
            table = paths[-1]
            _note(found, table, line)
            continue
        for path in paths:
            _note(found, table + path, line)
    return found


def _note(found: dict[Path, int], path: Path, line: int) -> None:
    for end in range(1, len(path) + 1):
        found.setdefault(path[:end], line)


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Line and text of each header or key statement; a statement is the fewest whole lines that parse alone."""
    start, pending = 0, ""
    for number, line in enumerate(text.split("\n"), start=1):
        if not pending and (not line.strip() or line.lstrip().startswith("#")):
            continue
        start = start if pending else number
        pending += f"{line}\n"
        if _parses(pending):
            yield start, pending
            pending = ""


def _parses(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _paths(value: object, prefix: Path = ()) -> Iterator[Path]:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        value = value[0]
    if isinstance(value, dict):
        for key, item in value.items():
            yield (*prefix, key)
            yield from _paths(item, (*prefix, key))
