"""Numbers of items that have items below them: `eu (5)` above five names."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from qtctl.claims.numbers import Number, read_number, uses_decimal_comma
from qtctl.claims.states import find_state
from qtctl.claims.verdicts import judge
from qtctl.claims.vocabulary import split_words
from qtctl.claims.wording import YEARS, find_counts, list_words
from qtctl.dialects.document.types import Document, Item, Line, Listing
from qtctl.model.claims import ClaimKind, Judged

_BARE = re.compile(r"^(?P<label>[^():]{1,60}?)\s*[(\[](?P<number>\d{1,4})(?:\s+(?P<noun>[A-Za-z-]+))?[)\]]:?$")
_MORE = re.compile(r"\b(?:etc|more|others|e\.g|for example|such as)\b|\u2026|\.\.\.", re.IGNORECASE)
_TOTAL = re.compile(r"^(?:(?:grand |in )?total(?: [a-z]+)?|sum|gesamt|summe)$", re.IGNORECASE)
_FIELD = re.compile(r"^(?P<label>[A-Za-z][A-Za-z _-]{0,30}):\s*(?P<value>\S[^:]{0,30})$")
_OF_NOUN = re.compile(r"^(?P<number>\d{1,9})\s+(?P<noun>[A-Za-z]{2,20})$")
_OVERLAP = split_words(
    "unique distinct average avg mean median max min maximum minimum used free new removed critical capacity limit "
    "peak of available healthy enabled disabled error warning change delta per last this previous current online "
    "cached shared"
)
LEAST_RIGHT, LEAST_PARTS, MOST_PARTS = 2, 2, 12


@dataclass(frozen=True, slots=True)
class _Parent:
    item: Item
    number: int
    below: tuple[Item, ...]
    alike: bool
    """Whether its noun is that of its number: then it needs no other items to show what the number means."""

    @property
    def holds(self) -> bool:
        return self.number in (len(self.below), sum(each.depth == self.item.depth + 1 for each in self.below))


def check_nested(document: Document) -> Iterator[Judged]:
    for block in document.blocks:
        if isinstance(block, Listing) and not block.fence:
            yield from _check_parents(block)
            yield from _check_total(block)


def _check_parents(block: Listing) -> Iterator[Judged]:
    """A bare number counts as a claim only if the numbers of two items beside it are right."""
    parents = [*_find_parents(block.items)]
    right = [each for each in parents if each.holds]
    for each in parents:
        beside = [one for one in right if one.item.depth == each.item.depth and one is not each]
        if each.holds or (
            len(beside) >= LEAST_RIGHT - each.alike and not any(_MORE.search(one.text) for one in each.below[-1:])
        ):
            line = Line(each.item.line, each.item.text)
            why = f"{len(each.below)} items below"
            yield judge(line, ClaimKind.COUNT, each.item.text, str(each.number), holds=each.holds, why=why,
                        other=each.below[0].line)  # fmt: skip


def _find_parents(items: Sequence[Item]) -> Iterator[_Parent]:
    for at, item in enumerate(items):
        found = _BARE.match(item.text)
        if not found or int(found["number"]) in YEARS or not int(found["number"]):
            continue
        below: list[Item] = []
        for each in items[at + 1 :]:
            if each.depth <= item.depth:
                break
            below.append(each)
        if below:
            counts = find_counts(item.text)
            yield _Parent(
                item, int(found["number"]), tuple(below), bool(counts and counts[0].nouns and not counts[0].measured)
            )


def _check_total(block: Listing) -> Iterator[Judged]:
    """A list of numbers in one unit whose last item is their total."""
    fields = [_read_field(each.text) for each in block.top]
    known = [each for each in fields if each]
    if len(known) != len(block.top) or not LEAST_PARTS < len(known) <= MOST_PARTS + 1:
        return
    *parts, (label, total) = known
    if not _TOTAL.match(label) or len({each.unit for _, each in known if each.unit}) > 1 or total.unit == "%":
        return
    if any(frozenset(list_words(each)) & _OVERLAP or find_state(each) or _TOTAL.match(each) for each, _ in parts):
        return
    added = sum((each.value for _, each in parts), Decimal(0))
    why = f"{' + '.join(str(each.value) for _, each in parts)} = {added}"
    last = block.top[-1]
    yield judge(Line(last.line, last.text), ClaimKind.SUM, "total", str(total.value), holds=total.value == added,
                why=why, other=block.line)  # fmt: skip


def _read_field(text: str) -> tuple[str, Number] | None:
    found = _FIELD.match(text)
    if not found:
        return None
    value = found["value"].strip()
    if named := _OF_NOUN.match(value):
        return found["label"], Number(Decimal(named["number"]), 0, named["noun"].lower())
    number = read_number(value, comma=uses_decimal_comma([value]))
    return (found["label"], number) if number is not None and not number.about else None
