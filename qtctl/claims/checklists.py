"""Progress that a line states, compared with the boxes of the checklist beside it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

from qtctl.claims.verdicts import judge
from qtctl.dialects.document.types import Document, Line, Listing, Table
from qtctl.model.claims import ClaimKind, Judged

_BOX = re.compile(r"^\[(?P<mark>[ xX])\]\s")
_OF = r"(?P<done>\d{1,4})\s*(?:of|out of|/)\s*(?P<all>\d{1,4})(?![\w.,/:-]*\w)"
_DONE = (
    re.compile(
        rf"(?<![\w.,/:-]){_OF}[\s:(-]*(?:[a-z]+\s+){{0,2}}(?:are |is )?"
        r"(?:done|complete|completed|finished|closed|ticked|checked|migrated|erledigt)\b",
        re.IGNORECASE,
    ),
    re.compile(rf"\b(?:progress|completed?|done|finished|status)\W{{1,4}}{_OF}", re.IGNORECASE),
)
_OPEN = re.compile(
    r"^\W{0,3}(?P<done>\d{1,4})\s+(?:[a-z]+\s+)?(?:done|complete|completed|closed),?\s+(?:and\s+)?"
    r"(?P<open>\d{1,4})\s+(?:[a-z]+\s+)?(?:open|left|remaining|to do|todo|pending)\b",
    re.IGNORECASE,
)
LEAST, NEAR = 2, 4
Way = tuple[int, int]
"""How many boxes of a list are checked, and how many there are."""


@dataclass(frozen=True, slots=True)
class _Boxes:
    """A block's boxes, of all of its items and of those not below another."""

    line: int
    all: Way = (0, 0)
    top: Way = (0, 0)

    def add(self, other: "_Boxes") -> "_Boxes":
        pairs = zip((*self.all, *self.top), (*other.all, *other.top), strict=True)
        checked, number, top_checked, top_number = (one + more for one, more in pairs)
        return _Boxes(self.line or other.line, (checked, number), (top_checked, top_number))


def check_checklists(document: Document) -> Iterator[Judged]:
    for section in document.sections:
        boxes = [_count_boxes(each) if isinstance(each, Listing) else _Boxes(0) for each in section.blocks]
        whole = reduce(_Boxes.add, boxes, _Boxes(0))
        if whole.all[1] < LEAST:
            continue
        if section.title:
            yield from _check(Line(section.line, section.title), [whole])
        for at, block in enumerate(section.blocks):
            above = next((each for each in boxes[max(0, at - NEAR) : at][::-1] if each.line), None)
            below = next((each for each in boxes[at + 1 : at + 1 + NEAR] if each.line), None)
            near = [each for each in (whole, above, boxes[at], below) if each is not None and each.line]
            for line in () if isinstance(block, Table) else block.lines:
                if not _BOX.match(line.text):
                    yield from _check(line, near)


def _count_boxes(block: Listing) -> _Boxes:
    marks = [(found["mark"] != " ", not item.depth) for item in block.items if (found := _BOX.match(item.text))]
    top = [checked for checked, is_top in marks if is_top]
    return _Boxes(block.line if marks else 0, (sum(each for each, _ in marks), len(marks)), (sum(top), len(top)))


def _check(line: Line, near: Sequence[_Boxes]) -> Iterator[Judged]:
    stated = _read(line.text)
    if stated is None:
        return
    ways = {way for each in near for way in (each.all, each.top)}
    done, whole = stated
    alike = {each for each in ways if each[1] == whole or (each[0] == done and each[1] > 1 and done)}
    found = stated if stated in ways else next(iter(alike)) if len(alike) == 1 else None
    if found is not None:
        why = f"{found[0]} of {found[1]} boxes are checked"
        yield judge(line, ClaimKind.COUNT, "done", f"{done} of {whole}", holds=stated == found, why=why,
                    other=near[0].line)  # fmt: skip


def _read(text: str) -> Way | None:
    """`3 of 4 done`, `Progress: 3/4`, `3 done, 1 open`."""
    if said := next((found for form in _DONE if (found := form.search(text))), None):
        return int(said["done"]), int(said["all"])
    parts = _OPEN.match(text)
    return (int(parts["done"]), int(parts["done"]) + int(parts["open"])) if parts else None
