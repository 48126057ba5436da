"""Sums, parts and percentages within a line, and counts of states that add up to a total."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from qtctl.claims.numbers import read_number
from qtctl.claims.table_sums import is_share
from qtctl.claims.verdicts import judge
from qtctl.claims.wording import DOWN, UP, find_counts, list_words
from qtctl.dialects.document.types import Document, Line, Listing, Text
from qtctl.model.claims import ClaimKind, Judged

_PLUSSED = re.compile(
    r"(?<![\w.])(?P<total>\d{1,9})\s+(?P<noun>[A-Za-z][A-Za-z -]{0,40})\(\s*"
    r"(?P<parts>\d{1,9}[^()+,]{0,60}(?:\+\s*\d{1,9}[^()+,]{0,60}){1,12})\)"
)
_EQUATION = re.compile(
    r"(?<![\w.+*/-])(?P<parts>\d{1,9}(?:\s+[A-Za-z][\w -]{0,30})?(?:\s*\+\s*\d{1,9}(?:\s+[A-Za-z][\w -]{0,30})?){1,12})"
    r"\s*=\s*(?P<total>\d{1,9})(?![\w.%:,]*\w)"
)
_OF = re.compile(
    r"(?<![\w.,/:-])(?P<part>\d{1,9})\s*(?P<how>of|out of|/)\s*(?P<whole>\d{1,9})(?![\w.,/:-]*\w)"
    r"(?:\s+[A-Za-z][A-Za-z -]{0,40})?(?:\s*[(:=\u2013-]{1,2}\s*(?P<share>\d{1,3}(?:\.\d{1,3})?\s?%))?"
)
_FIELD = re.compile(r"^\W{0,3}(?P<label>[A-Za-z][A-Za-z _-]{0,40}?)\W{0,3}[:=]\s*(?P<number>\d{1,9})\W{0,3}$")
LEAST, MOST = 2, 12


def check_line(line: Line) -> Iterator[Judged]:
    """What one line says about its own numbers."""
    for found in (*_PLUSSED.finditer(line.text), *_EQUATION.finditer(line.text)):
        parts = [int(each) for each in re.findall(r"(?:^|\+)\s*(\d{1,9})", found["parts"])]
        total = int(found["total"])
        why = f"{' + '.join(map(str, parts))} = {sum(parts)}"
        yield judge(line, ClaimKind.SUM, found[0].strip(), str(total), holds=sum(parts) == total, why=why)
    for part in _OF.finditer(line.text):
        yield from _check_part(line, part)


def _check_part(line: Line, found: re.Match[str]) -> Iterator[Judged]:
    """`28 of 35 (80%)`. With a slash, a percentage must follow: otherwise it is a date or a ratio."""
    part, whole, share = int(found["part"]), int(found["whole"]), read_number((found["share"] or "").replace(" ", ""))
    if found["how"] == "/" and share is None:
        return
    if share is not None and whole:
        why = f"{part} of {whole} is {round(Decimal(part) * 100 / whole, 1)}%"
        good = is_share(share, Decimal(part), Decimal(whole))
        yield judge(line, ClaimKind.PERCENTAGE, f"{part} of {whole}", f"{share.value}%", holds=good, why=why)
    elif whole:
        why = f"{part} is more than {whole}"
        yield judge(line, ClaimKind.SUM, found[0].strip(), str(part), holds=part <= whole, why=why)


def check_fields(document: Document) -> Iterator[Judged]:
    """Counts of states next to their total: running, stopped and failed must add up to it."""
    for block in document.blocks:
        if isinstance(block, Text | Listing):
            yield from _check_states(block.lines)


def _check_states(lines: Sequence[Line]) -> Iterator[Judged]:
    fields = [(each, found) for each in lines[:200] if (found := _FIELD.match(each.text.rstrip(",").replace('"', "")))]
    totals = [(line, int(found["number"])) for line, found in fields if "total" in found["label"].lower().split()]
    states = [
        (found["label"].lower().strip(" _-"), int(found["number"])) for _, found in fields if find_state(found["label"])
    ]
    kinds = [find_state(label) for label, _ in states]
    if len(totals) != 1 or "up" not in kinds or len(states) < LEAST or len(set(kinds)) != len(kinds):
        return
    if _may_be_more(fields, kinds):
        return
    (line, total), added = totals[0], sum(number for _, number in states)
    why = f"{' + '.join(f'{number} {label}' for label, number in states)} = {added}"
    if "stopped" in kinds or added >= total:
        yield judge(line, ClaimKind.SUM, "total", str(total), holds=added == total, why=why, other=fields[0][0].line)


def _may_be_more(fields: Sequence[tuple[Line, re.Match[str]]], kinds: Sequence[str]) -> bool:
    """Whether there are other numbers among the counts of states: they may count states that qtctl does not know."""
    at = [number for number, (_, found) in enumerate(fields) if find_state(found["label"])]
    return bool(at) and at[-1] - at[0] + 1 > len(kinds)


def find_state(label: str) -> str:
    """The state that a label names: `up`, or one of those in `DOWN`; '' if the label says more than a state."""
    words = [each for each in list_words(label.replace("_", " ")) if each not in ("count", "service", "unit", "module")]
    if len(words) != 1:
        return ""
    return "up" if words[0] in UP else DOWN.get(words[0], "")


def check_parts_below(document: Document) -> Iterator[Judged]:
    """`20 files` right above a list whose items begin with numbers: `19 unit files`, `1 target`."""
    for section in document.sections:
        for before, block in zip(section.blocks, section.blocks[1:], strict=False):
            if isinstance(before, Text) and isinstance(block, Listing) and not block.fence:
                yield from _check_parts(before.lines[-1], block)


def _check_parts(line: Line, listing: Listing) -> Iterator[Judged]:
    counts, top = find_counts(line.text), listing.top
    leading = [found[0] for each in top if (found := find_counts(each.text)) and found[0].start == 0]
    if not counts or counts[0].measured or not counts[0].nouns or not LEAST <= len(leading) == len(top) <= MOST:
        return
    count, added = counts[0], sum(each.value for each in leading)
    alike = [bool(each.nouns & count.nouns) for each in leading if each.nouns]
    if added == count.value or (alike and all(alike)):
        why = f"{' + '.join(str(each.value) for each in leading)} = {added}"
        yield judge(
            line, ClaimKind.SUM, " ".join(sorted(count.nouns)), str(count), holds=count.agrees(added), why=why,
            other=listing.line,
        )  # fmt: skip
