"""Lines of TOML nodes, computed only when something has to be shown.

The texts are valid TOML: they were read before.
"""

import re
import tomllib
from collections.abc import Iterator

Path = tuple[str, ...]

MAX_DEPTH = 64
"""Deeper nodes get the line of their parent."""

# A string may contain anything else; three closing quotes may be preceded by up to two more.
_TOKEN = re.compile(
    r'''"""(?:\\.|[^\\])*?"""(?:""?)?|\'\'\'.*?\'\'\'(?:\'\'?)?|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|\#[^\n]*|[\[{]|[\]}]|\n''',
    re.DOTALL,
)


def find_line(text: str, path: Path) -> int | None:
    """The line (from 1) where the node at `path`, or its nearest parent that is written, begins."""
    return get_line(map_lines(text), path)


def get_line(lines: dict[Path, int], path: Path) -> int | None:
    """As `find_line`, from an existing index."""
    for end in range(len(path), 0, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return None


def find_written_line(text: str, path: str) -> int | None:
    """As `find_line`, for a path written with dots; keys may contain dots."""
    return get_written_line(map_written(map_lines(text)), path)


def map_written(lines: dict[Path, int]) -> dict[str, int]:
    """An index by paths written with dots."""
    return {".".join(keys): line for keys, line in lines.items()}


def get_written_line(lines: dict[str, int], path: str) -> int | None:
    """As `find_written_line`, from the result of `map_written`."""
    while path:
        if path in lines:
            return lines[path]
        path = path.rpartition(".")[0]
    return None


def map_lines(text: str) -> dict[Path, int]:
    """Every key path of a TOML text → the line of the statement that first writes it.

    Tables of an array (`[[waivers]]`) have their index in the path, from 0: `("waivers", "1", "id")`. The path without
    an index has the first one.
    """
    found: dict[Path, int] = {}
    table: Path = ()
    unnumbered: Path = ()
    tables: dict[Path, int] = {}
    for line, statement in _list_statements(text):
        paths = _list_paths(tomllib.loads(statement))
        if statement.lstrip().startswith("["):
            table = unnumbered = paths[-1]
            if statement.lstrip().startswith("[["):
                number = tables[table] = tables.get(table, -1) + 1
                table = (*table, str(number))
            _note(found, table, line)
            continue
        for path in paths:
            _note(found, table + path, line)
            _note(found, unnumbered + path, line)
    return found


def _note(found: dict[Path, int], path: Path, line: int) -> None:
    """If a path is known, its parents are too."""
    while path and path not in found:
        found[path] = line
        path = path[:-1]


def _list_statements(text: str) -> Iterator[tuple[int, str]]:
    """Line and text of each header or key statement, which ends with a line that leaves no string or bracket open."""
    begin, line, depth = 0, 1, 0
    first = line
    for token in _TOKEN.finditer(text):
        what = token[0]
        if what in ("[", "{"):
            depth += 1
        elif what in ("]", "}"):
            depth -= 1
        line += what.count("\n")
        if what == "\n" and depth == 0:
            yield from _drop_blank(first, text[begin : token.end()])
            begin, first = token.end(), line
    yield from _drop_blank(first, text[begin:])


def _drop_blank(line: int, statement: str) -> Iterator[tuple[int, str]]:
    stripped = statement.lstrip()
    if stripped and not stripped.startswith("#"):
        yield line, statement


def _list_paths(document: dict[str, object]) -> list[Path]:
    """Every path of keys, parents before children; of an array of tables those of the first."""
    found: list[Path] = []
    todo: list[tuple[Path, object]] = [((), document)]
    while todo:
        prefix, node = todo.pop()
        if prefix:
            found.append(prefix)
        if isinstance(node, list) and node and isinstance(node[0], dict):
            node = node[0]
        if isinstance(node, dict) and len(prefix) < MAX_DEPTH:
            todo += [((*prefix, key), value) for key, value in reversed(node.items())]
    return found
