"""A tree of YAML nodes → the values that Compose works on, and the paths that `!reset` and `!override` name."""

from dataclasses import dataclass
from functools import lru_cache

from qtctl.dialects.compose.scalars import is_date, parse_plain
from qtctl.dialects.compose.tree import CORE, OVERRIDE, RESET, Mapping, Node, Scalar, Sequence, read
from qtctl.dialects.compose.values import Date, Path, Table, Text, Whole, matches
from qtctl.errors import InputError, Place

_TYPED = frozenset({f"{CORE}int", f"{CORE}float", f"{CORE}bool"})


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document. `cleared`: what it removes from the files before it."""

    table: Table
    cleared: tuple[Path, ...]


def read_documents(text: str, file: str) -> tuple[Document, ...]:
    """InputError with the line if it is not YAML or not a mapping at the top level."""
    found = []
    for root in read(text, file):
        if not isinstance(root, Mapping):
            raise InputError("not a mapping", hint="a compose file has `services:`", place=Place(file, root.line))
        cleared: list[Path] = []
        table = _read_value(root, (), file, cleared)
        found.append(Document(table if isinstance(table, Table) else Table(), tuple(cleared)))
    return tuple(found)


class _Gone:
    """Placeholder for a value tagged `!reset`."""


_GONE = _Gone()


@lru_cache(maxsize=64)
def _make_place(file: str, line: int) -> Place:
    """Cached: a key and its values are mostly in the same line."""
    return Place(file, line)


def _read_value(node: Node, path: Path, file: str, cleared: list[Path]) -> object:
    if node.tag in (RESET, OVERRIDE):
        cleared.append(path)
        if node.tag == RESET:
            return _GONE
    if isinstance(node, Mapping):
        return _read_table(node, path, file, cleared)
    if isinstance(node, Sequence):
        values = (_read_value(each, (*path, str(number)), file, cleared) for number, each in enumerate(node.items))
        return [value for value in values if value is not _GONE]
    return _read_scalar(node, file)


def _read_table(node: Mapping, path: Path, file: str, cleared: list[Path]) -> Table:
    made = Table((), _make_place(file, node.line))
    for (key, each), line in zip(node.entries, node.lines, strict=True):
        value = _read_value(each, (*path, key), file, cleared)
        if value is not _GONE:
            made.take(key, value, _make_place(file, line))
    return made


def _read_scalar(node: Scalar, file: str) -> object:
    if node.text is None:
        return None
    place = _make_place(file, node.line)
    value = parse_plain(node.text) if node.plain or node.tag in _TYPED else node.text
    if isinstance(value, str):
        return Date(value, place) if node.plain and is_date(value) else Text(value, place)
    return Whole(value, place) if isinstance(value, int) and not isinstance(value, bool) else value


def clear(model: object, cleared: tuple[Path, ...], path: Path = ()) -> None:
    """Removes from `model` what a later document resets or overrides."""
    if not cleared or not isinstance(model, Table):
        return
    for key in list(model):
        inner = (*path, key)
        if any(matches(inner, pattern) for pattern in cleared):
            del model[key]
        else:
            clear(model[key], cleared, inner)
