"""Evidence by columns: values in one column are similar, and compress to a tenth less. Nothing is lost."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from qtctl.errors import InputError, Place
from qtctl.model.evidence import Ask, Evidence, Item, State

_ASKS, _ITEMS = ("asks", Ask), ("items", Item)
_MOST = 1_000_000
"""Values in a column."""


def fold(evidence: Evidence) -> dict[str, Any]:
    """A JSON object: asks and items as lists by field."""
    found: dict[str, Any] = {
        each.name: getattr(evidence, each.name) for each in fields(Evidence) if each.name not in (_ASKS[0], _ITEMS[0])
    }
    return {**found, "asks": _make_columns(evidence.asks, Ask), "items": _make_columns(evidence.items, Item)}


def unfold(document: Mapping[str, Any], where: str) -> Evidence:
    """The inverse of `fold`. InputError for anything else."""
    try:
        asks = [Ask(**{**row, "argv": tuple(row["argv"])}) for row in _make_rows(document["asks"])]
        items = [Item(**{**row, "state": State(row["state"])}) for row in _make_rows(document["items"])]
        return Evidence(**{**document, "asks": tuple(asks), "items": tuple(items)})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = "this snapshot is damaged: its evidence is not what was written"
        raise InputError(what, hint="fetch it again from where it was copied", place=Place(where)) from error


def _make_columns(rows: Sequence[Ask] | Sequence[Item], kind: type[Ask] | type[Item]) -> dict[str, list[Any]]:
    return {each.name: [getattr(row, each.name) for row in rows] for each in fields(kind)}


def _make_rows(columns: Mapping[str, list[Any]]) -> Iterable[dict[str, Any]]:
    """ValueError if the columns are of different lengths."""
    if any(len(column) > _MOST for column in columns.values()):
        raise ValueError
    return (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
