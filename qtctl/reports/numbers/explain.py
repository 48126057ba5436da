"""A number of a report → the rows behind it, and the questions that were asked for them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from qtctl.dialects.json_pointer import list_steps, step_into, write_pointer
from qtctl.reports.numbers.rules import Document, How, Items, Number

Figure = int | float
_STAR, _STAR_OF_ROW = re.compile(r"\{([0-9])\}"), re.compile(r"\{#([0-9])\}")
LABELS = ("id", "unit", "service", "name", "subject", "path", "key", "stream", "item", "title", "text", "what", "label",
          "file", "again", "fact", "host", "kind")  # fmt: skip
"""Fields that name a row: the first that the row has; after an id, the next one too."""


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a document. `steps`: where it is; `stars`: what the stars of a path matched."""

    steps: tuple[str, ...]
    value: object
    stars: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """A question behind a row: a command for the host, the line that it printed, and when; '' if unknown."""

    again: str
    line: str
    at: str


@dataclass(frozen=True, slots=True)
class Item:
    """One row behind a number. `number`: what it contributes."""

    steps: tuple[str, ...]
    label: str
    number: Figure
    asked: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class Explained:
    """`total`: what the items give. It differs from `number` if the report was changed or is damaged."""

    how: How
    what: str
    number: Figure
    items: tuple[Item, ...]
    total: Figure
    stands_for_all: bool = False


def is_figure(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def find_rule(document: Document, steps: Sequence[str]) -> tuple[Number, tuple[str, ...]] | None:
    """The rule for the number at `steps`, and what the stars of its path match there."""
    for rule in document.numbers:
        stars = match(rule.path, steps)
        if stars is not None:
            return rule, stars
    return None


def match(path: str, steps: Sequence[str]) -> tuple[str, ...] | None:
    """What the stars of a path match at `steps`; None if the path does not match."""
    wanted = split(path)
    if wanted and wanted[-1] == "**":
        wanted = wanted[:-1]
        if len(steps) < len(wanted):
            return None
    elif len(steps) != len(wanted):
        return None
    pairs = [*zip(wanted, steps, strict=False)]
    if any(want not in ("*", step) for want, step in pairs):
        return None
    return tuple(step for want, step in pairs if want == "*")


def split(path: str) -> tuple[str, ...]:
    return tuple(path.split("/")[1:])


def explain(
    document: object, rule: Number, stars: tuple[str, ...], steps: tuple[str, ...], number: Figure
) -> Explained:
    what = _fill(rule.what, stars)
    if rule.stands is not None and (found := _find_stand_in(document, rule.stands, stars)) is not None:
        return Explained(
            rule.how, what, number, (_make_item(document, found, Items(""), number),), number, stands_for_all=True
        )
    if rule.how is How.SAID:
        return Explained(rule.how, what, number, (Item(steps, write_pointer(steps), number, ()),), number)
    rows = [(items, node) for items in rule.items for node in find_rows(document, items, stars)]
    if rule.how in (How.SEEN, How.DECLARED):
        found_items = tuple(_make_item(document, node, items, number) for items, node in rows[:1])
        return Explained(rule.how, what, number, found_items, number if found_items else 0)
    made = tuple(
        _make_item(document, node, items, _measure(rule.how, node.value, _fill(items.number, stars)))
        for items, node in rows
    )
    return Explained(rule.how, what, number, made, _total(rule, made))


def _find_stand_in(document: object, stands: tuple[str, str], stars: tuple[str, ...]) -> Node | None:
    condition, row = (next(walk(document, _fill_path(path, stars)), None) for path in stands)
    return row if condition is not None and condition.value else None


def _measure(how: How, row: object, field: str) -> Figure:
    found = 1 if how is How.COUNTED else read_field(row, field)
    return found if isinstance(found, int | float) and not isinstance(found, bool) else 0


def _total(rule: Number, items: Sequence[Item]) -> Figure:
    numbers = tuple(each.number for each in items)
    if rule.compute is None:
        return sum(numbers)
    try:
        return rule.compute(numbers)
    except (ArithmeticError, ValueError):
        return 0


def find_rows(document: object, items: Items, stars: tuple[str, ...]) -> Iterator[Node]:
    """The rows of `items` that fit, in the order of the document."""
    if items.given and _look_up(document, _fill_path(items.given, stars)) is None:
        return
    if items.lacking and _look_up(document, _fill_path(items.lacking, stars)) is not None:
        return
    for node in walk(document, _fill_path(items.path, stars)):
        if all(_fits(document, _read(document, node, name), test, stars) for name, test in items.where.items()):
            yield node


def walk(
    value: object, path: Sequence[str], steps: tuple[str, ...] = (), stars: tuple[str, ...] = ()
) -> Iterator[Node]:
    """Every value that a path leads to."""
    if not path:
        yield Node(steps, value, stars)
        return
    if path[0] == "*":
        for step in list_steps(value):
            yield from walk(step_into(value, step), path[1:], (*steps, step), (*stars, step))
        return
    try:
        inner = step_into(value, path[0])
    except LookupError:
        return
    yield from walk(inner, path[1:], (*steps, path[0]), stars)


def _read(document: object, node: Node, name: str) -> object:
    """A field of a row, what a star of its path matched, or the value at a pointer with such stars."""
    if name.startswith("#"):
        return node.stars[int(name[1:])]
    if name.startswith("/"):
        return _look_up(document, tuple(_STAR_OF_ROW.sub(lambda found: node.stars[int(found[1])], name).split("/")[1:]))
    return read_field(node.value, name)


def _look_up(document: object, steps: tuple[str, ...]) -> object:
    return next((node.value for node in walk(document, steps)), None)


def read_field(row: object, name: str) -> object:
    """A field of a row, or the row itself for ''; None if the row has no such field."""
    for step in name.split("/") if name else ():
        try:
            row = step_into(row, step)
        except LookupError:
            return None
    return row


def _fits(document: object, found: object, test: object, stars: tuple[str, ...]) -> bool:
    if callable(test):
        return bool(test(found))
    if isinstance(test, tuple):
        return found in test
    wanted = test
    if isinstance(test, str):
        wanted = _look_up(document, _fill_path(test[1:], stars)) if test.startswith("=/") else _fill(test, stars)
    return found == wanted and type(found) is type(wanted)


def _fill(text: str, stars: tuple[str, ...]) -> str:
    return _STAR.sub(lambda found: stars[int(found[1])] if int(found[1]) < len(stars) else found[0], text)


def _fill_path(path: str, stars: tuple[str, ...]) -> tuple[str, ...]:
    """The path as steps, because what a star matched may contain a slash."""
    return tuple(_fill(step, stars) for step in split(path))


def _make_item(document: object, node: Node, items: Items, number: Figure) -> Item:
    named = " ".join(_show(_read(document, node, name)) for name in items.label).strip()
    return Item(node.steps, named or describe(node), number, tuple(_list_asked(document, node.value)))


def _show(value: object) -> str:
    return "" if value is None or isinstance(value, dict | list) else str(value)


def describe(node: Node) -> str:
    """The name of a row, as shown."""
    value = node.value
    if isinstance(value, Mapping):
        named = [str(value[name]) for name in LABELS if isinstance(value.get(name), str | int) and value[name] != ""]
        return " ".join(named[: 2 if "id" in value else 1]) or write_pointer(node.steps)
    return value if isinstance(value, str) else write_pointer(node.steps)


def _list_asked(document: object, row: object) -> Iterator[Asked]:
    """The questions that a row itself names."""
    if not isinstance(row, Mapping):
        return
    proofs = row.get("proof")
    for each in proofs if isinstance(proofs, list) else ():
        if isinstance(each, Mapping) and isinstance(each.get("again"), str):
            yield Asked(each["again"], _show(each.get("line")), _show(each.get("at")))
    line = row.get("proof_line") or row.get("proof")
    if isinstance(line, str) and line:
        again, arrow, answer = line.partition(" → ")
        yield Asked(again, answer if arrow else "", "")
    if isinstance(row.get("again"), str) and row["again"]:
        yield Asked(row["again"], _show(row.get("line")), _show(row.get("at")) or _find_time(document, row.get("ask")))


def _find_time(document: object, ask: object) -> str:
    """In evidence: when the question of an item was asked."""
    for node in walk(document, ("asks", "*")):
        if read_field(node.value, "n") == ask:
            return _show(read_field(node.value, "at"))
    return ""
