"""Counts of things in each state, with the number of all of them: in fields, in a list and beside it, in one line."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qtctl.claims.states import find_state, is_exhaustive
from qtctl.claims.verdicts import judge
from qtctl.claims.wording import GENERIC, list_nouns
from qtctl.dialects.document.types import Block, Document, Line, Listing, Table, Text
from qtctl.model.claims import ClaimKind, Judged

_NUMBER = r"(?P<number>\d{1,3}(?:,\d{3})+|\d{1,9})"
_FIELD = re.compile(
    rf"^\W{{0,3}}(?P<label>[A-Za-z][A-Za-z _-]{{0,40}}?)\W{{0,3}}[:=|\u2013\u2014]\s*\W{{0,2}}{_NUMBER}"
    r"(?:\s+(?P<noun>[A-Za-z]+))?(?:\s*\(\s*\d{1,3}(?:\.\d{1,2})?\s?%\s*\))?\W{0,3}$"
)
_LEADING = re.compile(rf"^\W{{0,3}}{_NUMBER}\s+(?P<label>[A-Za-z][A-Za-z -]{{0,40}})\W{{0,3}}$")
_TOTAL = re.compile(
    r"^\W{0,3}(?:(?:grand |in )?total(?: (?:number of )?[A-Za-z]+)?|[A-Za-z]+ (?:in )?total)\W{0,3}[:=\u2013\u2014]"
    rf"\s*\W{{0,2}}{_NUMBER}(?:\s+(?P<noun>[A-Za-z]+))?\W{{0,3}}$",
    re.IGNORECASE,
)
_ALL = re.compile(
    rf"^\W{{0,3}}(?:(?P<label>[A-Za-z]+): {_NUMBER}|(?P<first>\d{{1,9}}) (?P<noun>[A-Za-z]+)(?: in total)?)\W{{0,3}}$"
)
_IN_LINE = re.compile(
    rf"(?:^|[^\w.,:/-])(?<![\d.,]){_NUMBER}\s+(?P<noun>(?:[A-Za-z-]+ ){{0,2}}?[A-Za-z]+)(?: total)?"
    r"\s*[:(\u2013\u2014]\s*(?P<parts>\d{1,9}\s[A-Za-z][^:()]{2,200}?)(?:[).;]|$)"
)
_NAMED = re.compile(r"^[A-Za-z ]{1,30}: (?P<parts>.*\btotal)\b")
_PART = re.compile(r"^(?:and\s+)?(?P<number>\d{1,9})\s+(?P<label>(?:(?:are|is)\s+)?[A-Za-z][A-Za-z -]{0,30})$")
_TOTAL_PART = re.compile(r"\b(?P<number>\d{1,9})\s+(?:in )?total\b")
LEAST, MOST_LINES = 2, 200
Part = tuple[str, str, int]
"""The kind of a state, the document's word for it, and how many are in it."""


@dataclass(frozen=True, slots=True)
class _Stated:
    """A total with the counts of states that belong to it. `open`: there may be states that qtctl does not know."""

    line: Line
    total: int
    parts: tuple[Part, ...]
    other: int
    open: bool = False


def check_state_totals(document: Document) -> Iterator[Judged]:
    for section in document.sections:
        for at, block in enumerate(section.blocks):
            if isinstance(block, Table):
                continue
            for line in block.lines:
                yield from _check_in_line(line)
            if stated := _read_fields(block.lines) or _read_beside(section.blocks, at, block):
                yield from _judge(stated)


def _read_fields(lines: Sequence[Line]) -> _Stated | None:
    fields = [(each, found) for each in lines[:MOST_LINES] if (found := _FIELD.match(_clean(each.text)))]
    totals = [(line, found) for line, found in fields if "total" in found["label"].lower().split()]
    if len(totals) != 1:
        return None
    (line, found) = totals[0]
    return _Stated(line, _read(found), _list_parts([each for each, _ in fields]), fields[0][0].line, _is_open(fields))


def _is_open(fields: Sequence[tuple[Line, re.Match[str]]]) -> bool:
    """Whether there are other numbers among the counts of states."""
    at = [number for number, (_, found) in enumerate(fields) if find_state(found["label"])]
    return bool(at) and at[-1] - at[0] + 1 > len(at)


def _read_beside(blocks: Sequence[Block], at: int, block: Text | Listing) -> _Stated | None:
    """A list of states, with their total in the line above or below it."""
    if not isinstance(block, Listing):
        return None
    lines = [Line(each.line, each.text) for each in block.top]
    parts = _list_parts(lines)
    if len(parts) != len(lines):
        return None
    before, after = blocks[at - 1] if at else None, blocks[at + 1] if at + 1 < len(blocks) else None
    near = [before.lines[-1]] if isinstance(before, Text) else []
    near += [after.lines[0]] if isinstance(after, Text) else []
    for line in near:
        if (total := _read_total(line.text)) is not None:
            return _Stated(line, total, parts, block.line)
    return None


def _read_total(text: str) -> int | None:
    if found := _TOTAL.match(_clean(text)):
        return _read(found)
    found = _ALL.match(text)
    nouns = list_nouns(found["label"] or found["noun"]) if found else frozenset()
    if found and nouns & (GENERIC | {"host", "node", "pod", "vm", "test", "check", "task"}):
        return int((found["number"] or found["first"]).replace(",", ""))
    return None


def _list_parts(lines: Sequence[Line]) -> tuple[Part, ...]:
    found = []
    for each in lines:
        field = _FIELD.match(_clean(each.text)) or _LEADING.match(each.text)
        if field and (kind := find_state(field["label"])):
            found.append((kind, field["label"].lower().strip(" _-"), _read(field)))
    return tuple(found)


def _clean(text: str) -> str:
    return text.rstrip(",").replace('"', "")


def _read(found: re.Match[str]) -> int:
    return int(found["number"].replace(",", ""))


def _judge(stated: _Stated) -> Iterator[Judged]:
    kinds = [kind for kind, *_ in stated.parts]
    if "up" not in kinds or len(kinds) < LEAST or len(set(kinds)) != len(kinds) or stated.open:
        return
    added = sum(number for *_, number in stated.parts)
    if "stopped" in kinds or is_exhaustive(frozenset(kinds)) or added >= stated.total:
        yield judge(
            stated.line, ClaimKind.SUM, "total", str(stated.total), holds=added == stated.total,
            why=_describe(stated.parts, added), other=stated.other,
        )  # fmt: skip


def _describe(parts: Sequence[Part], added: int) -> str:
    return f"{' + '.join(f'{number} {label}' for _, label, number in parts)} = {added}"


def _check_in_line(line: Line) -> Iterator[Judged]:
    """`15 services: 12 active, 2 failed`: too many is always wrong, too few only if no state can be left out."""
    for found in _IN_LINE.finditer(line.text):
        if list_nouns(found["noun"]) or found["noun"].lower() in ("in", "total", "in total"):
            yield from _judge_parts(line, _read(found), found["parts"])
    named = _NAMED.match(line.text)
    total = _TOTAL_PART.search(named["parts"]) if named else None
    if named and total:
        parts = re.sub(r"^\W+|\W+$", "", _TOTAL_PART.sub("", named["parts"])).replace(", ,", ",")
        yield from _judge_parts(line, int(total["number"]), parts)


def _judge_parts(line: Line, total: int, text: str) -> Iterator[Judged]:
    read = [
        _PART.match(each.strip())
        for each in re.split(r"\s*[,;/\u00b7+]\s*|\s+and\s+", text.strip(" ."))
        if each.strip()
    ]
    parts = [(find_state(each["label"]), each["label"], int(each["number"])) for each in read if each]
    kinds = frozenset(kind for kind, *_ in parts)
    if len(parts) != len(read) or len(parts) < LEAST or "" in kinds or len(kinds) != len(parts) or "up" not in kinds:
        return
    added = sum(number for *_, number in parts)
    if added >= total or is_exhaustive(kinds):
        yield judge(line, ClaimKind.SUM, "in all states", str(total), holds=added == total, why=_describe(parts, added))
