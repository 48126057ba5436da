"""Sums within a line, and a number above the list of its parts."""

import re
from collections.abc import Iterator

from qtctl.claims.arithmetic import check_arithmetic
from qtctl.claims.shares import check_shares
from qtctl.claims.verdicts import judge
from qtctl.claims.wording import find_counts, list_nouns
from qtctl.dialects.document.types import Document, Line, Listing, Text
from qtctl.model.claims import ClaimKind, Judged

_PLUSSED = re.compile(
    r"(?<![\w.])(?P<total>\d{1,9})\s+(?P<noun>[A-Za-z][A-Za-z -]{0,40})\(\s*"
    r"(?P<parts>\d{1,9}(?![\w.])[^()+,=:]{0,60}(?:\+\s*\d{1,9}(?![\w.])[^()+,=:]{0,60}){1,12})\)"
)
LEAST, MOST = 2, 12


def check_line(line: Line) -> Iterator[Judged]:
    """What one line says about its own numbers."""
    for found in _PLUSSED.finditer(line.text):
        if _counts_other(found["noun"], found["parts"]):
            continue
        parts = [int(each) for each in re.findall(r"(?:^|\+)\s*(\d{1,9})", found["parts"])]
        total = int(found["total"])
        if line.text[: found.start()].rstrip().endswith("/"):
            continue
        why = f"{' + '.join(map(str, parts))} = {sum(parts)}"
        yield judge(line, ClaimKind.SUM, found[0].strip(), str(total), holds=sum(parts) == total, why=why)
    yield from check_arithmetic(line)
    yield from check_shares(line)


def _counts_other(noun: str, parts: str) -> bool:
    """Whether only the last part names a thing, and not the total's: `31 cases (8 unit + 6 system tests)`."""
    *before, last = (list_nouns(each) for each in parts.split("+"))
    return bool(last) and not any(before) and not last & list_nouns(noun)


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
