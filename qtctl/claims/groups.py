"""Lists with a label or a title, and numbers elsewhere in the document that count the same things."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from qtctl.claims.counts import TOO_FEW, is_wrong
from qtctl.claims.facets import Facets, find_facets
from qtctl.claims.listed import Listed, list_blocks
from qtctl.claims.verdicts import judge
from qtctl.claims.vocabulary import DASHES, split_words
from qtctl.claims.wording import NEUTRAL, Count, find_counts, list_nouns, list_words
from qtctl.dialects.document.types import Document, Line, Listing, Table, Text
from qtctl.model.claims import ClaimKind, Judged

_WHOLE = split_words("verified verification all complete full total inventory catalog catalogue entire")
_SUBSET = split_words("sample example critical core key main selected top recent other new notable important health")
_FILLERS = split_words("and or of the a in to list table overview") | NEUTRAL | _WHOLE
_SELECTED = re.compile(
    r"^\s*(?:executed|wired|done|migrated|tested|checked|added|removed|fixed|changed|new|left|remaining|covering|using|with)\b",
    re.IGNORECASE,
)
"""What selects some of the things that are counted."""
_FILE = re.compile(r"[\w-]\.[a-z]{1,4}\W*\($|\w/\w+\W*\($")
"""`tests/test_api.py (17 tests)`: a number of what is in that file."""
_COMMAND = re.compile(
    r"^(?:[$>#] |sudo |docker|npm |npx |yarn |pnpm |git |curl |systemctl |kubectl |python|pip |make |bash |sh |cd |\./)"
    r"|\s--?\w"
)
_FIRST = re.compile(r"^(?:[A-Z][\w /&-]{0,30}:\s*)?\W{0,3}$")
_TOTAL = re.compile(r"^\W{0,3}total\b", re.IGNORECASE)
MOST = 2000


@dataclass(frozen=True, slots=True)
class Group:
    """A list of things. `whole`: the list or its section says that it is complete."""

    line: Line
    nouns: frozenset[str]
    qualifiers: frozenset[str]
    listed: Listed
    place: int
    facets: Facets
    whole: bool
    last: int
    fence: int = 0


def find_groups(document: Document) -> tuple[Group, ...]:
    found = []
    for place, section in enumerate(document.sections):
        for block in section.blocks:
            if isinstance(block, Listing | Table):
                label = block.label or (Line(section.line, section.title) if len(section.blocks) == 1 else None)
                if (
                    label is not None
                    and not _is_of_commands(block)
                    and (group := _group(document, place, label, block))
                ):
                    found.append(group)
    return tuple(found[:MOST])


def _is_of_commands(block: Listing | Table) -> bool:
    """Whether a block of code shows what to run."""
    return isinstance(block, Listing) and bool(block.fence) and any(_COMMAND.search(each.text) for each in block.items)


def _group(document: Document, place: int, label: Line, block: Listing | Table) -> Group | None:
    text = re.sub(r"\([^()]*\)", "", label.text)
    nouns = list_nouns(text)
    if not nouns:
        return None
    above = [document.sections[each].title for each in document.list_around(place)[:1]]
    said = frozenset(list_words(" ".join((label.text, *above))))
    qualifiers = frozenset(list_words(text)) - nouns - _FILLERS
    fence = block.fence if isinstance(block, Listing) else 0
    last = max((each.line for each in (block.items if isinstance(block, Listing) else block.rows)), default=block.line)
    return Group(
        label, nouns, qualifiers, list_blocks([block], nouns, block.line), place,
        find_facets(document, place, label.text), bool(said & _WHOLE) and not (said - nouns) & _SUBSET, last, fence,
    )  # fmt: skip


def check_groups(document: Document, groups: Sequence[Group]) -> Iterator[Judged]:
    """Counts of things that are listed elsewhere: `12 streams + 12 hashes`, `Total keys: 24+`."""
    if not groups:
        return
    for place, section in enumerate(document.sections):
        for block in section.blocks:
            for line in block.lines if isinstance(block, Text | Listing) else ():
                yield from _check_total(line, groups)
                yield from _check_elsewhere(document, place, line, groups)


def _check_total(line: Line, groups: Sequence[Group]) -> Iterator[Judged]:
    """A total at the end of a code block, after the lists in it."""
    counts = find_counts(line.text)
    if not _TOTAL.match(line.text) or not line.fence or len(counts) != 1 or counts[0].measured or counts[0].about:
        return
    inside = [each for each in groups if each.fence == line.fence and each.line.line < line.line and each.listed.named]
    if len(inside) > 1:
        ways = _list_sums([set(each.listed.ways) for each in inside])
        parts = [each.listed.main for each in inside]
        why = f"the lists above have {' + '.join(map(str, parts))} = {sum(parts)}"
        holds = any(counts[0].agrees(each) for each in ways)
        yield judge(line, ClaimKind.COUNT, "total", str(counts[0]), holds=holds, why=why, other=inside[0].line.line)


def _list_sums(each: Sequence[set[int]]) -> set[int]:
    found = {0}
    for numbers in each[:12]:
        found = {total + number for total in found for number in numbers}
        if len(found) > MOST:
            return set(range(max(found) + 1))
    return found


def _check_elsewhere(document: Document, place: int, line: Line, groups: Sequence[Group]) -> Iterator[Judged]:
    for count in find_counts(line.text):
        if not count.nouns or count.measured or count.about or not _is_stated(line.text, count):
            continue
        facets = find_facets(document, place, line.text)
        outside = (each for each in groups if not each.line.line <= line.line <= each.last)
        near = [each for each in outside if _matches_count(document, place, count, facets, each)]
        if not near:
            continue
        ways = {number for each in near for number in each.listed.ways} | _count_together(near)
        if any(count.agrees(each) for each in ways if each):
            yield judge(line, ClaimKind.COUNT, " ".join(sorted(count.nouns)), str(count), holds=True, why="as listed",
                        other=near[0].line.line)  # fmt: skip
        elif _FILE.search(line.text[: count.start]) or _SELECTED.search(
            " ".join((*count.tail, line.text[count.end :]))
        ):
            continue
        elif all(is_wrong(count, each.listed) for each in near) or _is_wrong_together(count, near):
            names = {name for each in near for name in each.listed.names}
            said = ", ".join(f"{each.line.text.strip(' :')}: {each.listed.main}" for each in near[:3])
            yield judge(line, ClaimKind.COUNT, " ".join(sorted(count.nouns)), str(count), holds=False,
                        why=f"{len(names)} are listed ({said})", other=near[0].line.line)  # fmt: skip


def _is_wrong_together(count: Count, near: Sequence[Group]) -> bool:
    """Whether the number may be that of several lists together, but is not."""
    together = sum(each.listed.main for each in near)
    return len(near) > 1 and together > 1 and count.value <= TOO_FEW * together


def _is_stated(text: str, count: Count) -> bool:
    """Whether the number is at the beginning, in parentheses or in a sum, not in the middle of a sentence."""
    before = text[: count.start]
    return (
        bool(_FIRST.match(before))
        or before.rstrip().endswith(("(", "+", "-", "→", "with", *DASHES))
        or "+" in text[count.end : count.end + 3]
    )


def _matches_count(document: Document, place: int, count: Count, facets: Facets, group: Group) -> bool:
    """Whether the list is of the same things, and is complete or in the same chapter."""
    if not group.listed.named or group.listed.partial or not facets.allows(group.facets):
        return False
    if any(each.nouns & count.nouns and each.value not in group.listed.ways for each in find_counts(group.line.text)):
        return False
    if not count.nouns & group.nouns or (count.qualifiers - NEUTRAL) - _collect_words(document, group):
        return False
    own = group.line.line == document.sections[group.place].line
    above = _collect_words_above(document, document.sections[group.place].parent if own else group.place)
    if group.qualifiers - count.qualifiers - above - count.nouns:
        return False
    chapter = next((each for each in document.list_around(place) if document.sections[each].level <= 2), 0)  # noqa: PLR2004
    return group.whole or (
        chapter > 0 and chapter in document.list_around(group.place) and document.sections[chapter].level > 1
    )


def _collect_words(document: Document, group: Group) -> frozenset[str]:
    return group.qualifiers | group.nouns | _collect_words_above(document, group.place)


def _collect_words_above(document: Document, place: int) -> frozenset[str]:
    """Words in the titles above a list, which the list need not repeat."""
    titles = " ".join(document.sections[each].title for each in document.list_around(place))
    return frozenset(list_words(titles))


def _count_together(groups: Sequence[Group]) -> set[int]:
    """How many different names all groups have together, and every two or three of them."""
    found = {len({name for each in groups for name in each.listed.names})}
    for size in (2, 3):
        for those in combinations(groups[:8], size):
            found |= {
                len({name for each in those for name in each.listed.names}),
                sum(each.listed.main for each in those),
            }
    return found
