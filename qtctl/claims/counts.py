"""Numbers that introduce a list or a table, compared with its length."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from qtctl.claims.listed import Listed, list_blocks, list_section
from qtctl.claims.states import find_state
from qtctl.claims.verdicts import judge
from qtctl.claims.vocabulary import DASHES
from qtctl.claims.wording import YEARS, Count, find_counts, list_nouns
from qtctl.dialects.document.types import Block, Document, Line, Listing, Table, Text
from qtctl.model.claims import ClaimKind, Judged

_NOT_ALL = re.compile(
    r"\b(?:instead of|more than|less than|fewer than|at least|at most|up to|every|each|after|within|per|than|until"
    r"|only|next|last|first|another|other|extra|additional|out of|of|by|into|exit|error|status)\s+"
    r"(?:the |these |those |our )?$",
    re.IGNORECASE,
)
"""Words before a number that does not introduce a complete list."""
_OTHER_LIST = re.compile(
    r"\b(?:covering|including|containing|spanning|using|across|organi[sz]ed|grouped|split|along|because|so|into)\b",
    re.IGNORECASE,
)
"""Words after a number that introduce a list of something else."""
_ABBREVIATION = re.compile(r"^\d[\d.,]*\s+[A-Z]{2,5}$")
"""A number of units that have no plural: `(9 SP)`."""
_OF_OTHERS = re.compile(
    r"\b(?:in|from|to|for|on|with|against|between)\s+(?:the|our|all|both|these|those)\s+$", re.IGNORECASE
)
_CODE = re.compile(r"\w\(|[;={]|^(?:await|return|import|from|def|for|if|const|let|var)\b")
"""A line of a program."""
_POINTS = re.compile(r"\b(?:these|this|following)\b", re.IGNORECASE)
_PREPOSITION = re.compile(r"\s+(?:for|on|across|over|at)\s+(?:the |our |all )?$", re.IGNORECASE)
_SENTENCE = re.compile(r"[.;!?]\s+(?=[A-Z0-9])")
_CODES = range(400, 600)
_CLOSING = re.compile(r"^(?P<label>.*?)\s*[(\[]\s*(?P<count>[^()\[\]]*)[)\]]\s*:?$")
BESIDE = 20
TOO_FEW, MOST_MORE = 5, 2
"""A list with fewer than a fifth of the stated number of items is not meant to be complete. A sentence
that counts less than half of the items is about something else."""


def check_counts(document: Document) -> Iterator[Judged]:
    """Compare a count in a title with its section, and a count in a line that ends with a colon with what follows."""
    for place, section in enumerate(document.sections):
        if section.level and (count := count_of_title(section.title)) and not _is_numbering(document, place, count):
            listed = list_section(document, place, count.nouns)
            yield from _compare(Line(section.line, section.title), count, listed)
        elif section.level and (count := count_of_state(section.title)):
            yield from _compare(Line(section.line, section.title), count, list_section(document, place, frozenset()))
        elif section.level and (count := find_bare_count(section.title)):
            yield from _check_bare(document, place, count)
        yield from _check_labels(section.blocks)
        yield from _check_last(document, place)


def _is_numbering(document: Document, place: int, count: Count) -> bool:
    """Whether the number is that of the section: `## 6 Services` after `## 5 Hosts`."""
    if count.start:
        return False
    beside = document.list_children(document.sections[place].parent)
    firsts = {found[1] for each in beside if (found := re.match(r"(\d+)", document.sections[each].title))}
    return bool({str(count.value - 1), str(count.value + 1)} & firsts)


def count_of_title(title: str) -> Count | None:
    """The number of things that a title announces: `Streams (21 active)`, `Ports (11)`, `2025: 14 AI modules`.

    None if the number may count something else: `Postgres (2 replicas)`, `Goals (2026)`.
    """
    found = _CLOSING.match(title)
    if found and _ABBREVIATION.match(found["count"]):
        return None
    if found:
        counts = find_counts(found["count"])
        of = list_nouns(found["label"])
        if len(counts) == 1 and counts[0].start == 0 and of and not _is_odd(counts[0]):
            inside = counts[0]
            return inside if inside.nouns else _with_nouns(inside, of)
        return None
    counts = find_counts(title)
    if len(counts) == 1 and counts[0].nouns and not counts[0].tail and not _is_odd(counts[0]):
        before = title[: counts[0].start].strip()
        if not before or before.endswith((":", "-", *DASHES)):
            return counts[0]
    return None


def count_of_state(title: str) -> Count | None:
    """A number alone in parentheses after a state: `Failed (2)`."""
    count = find_bare_count(title.rstrip(": "))
    return count if count is not None and find_state(title.partition("(")[0].strip()) else None


def find_bare_count(title: str) -> Count | None:
    """A number alone in parentheses, after a title that names no things: `LEARNING (7)`."""
    found = _CLOSING.match(title)
    counts = find_counts(found["count"]) if found else ()
    alone = (
        found is not None
        and len(counts) == 1
        and counts[0].start == 0
        and not counts[0].tail
        and not counts[0].nouns
        and not _is_odd(counts[0])
    )
    return counts[0] if alone else None


def _check_bare(document: Document, place: int, count: Count) -> Iterator[Judged]:
    """A bare number counts as a claim only if two titles beside it have numbers that match their own lists."""
    right = 0
    for each in islice(document.list_children(document.sections[place].parent), BESIDE):
        title = document.sections[each].title
        if each != place and (other := find_bare_count(title) or count_of_title(title)):
            right += other.value in list_section(document, each, other.nouns).ways
    if right > 1:
        section = document.sections[place]
        yield from _compare(Line(section.line, section.title), count, list_section(document, place, frozenset()))


def _with_nouns(count: Count, nouns: frozenset[str]) -> Count:
    return Count(count.value, nouns, count.qualifiers, count.start, count.end, count.least, count.about, count.tail)


def _is_odd(count: Count) -> bool:
    code = count.value in _CODES and count.nouns <= {"error", "code", "response", "status"}
    return count.measured or count.about or count.value in YEARS or not count.value or (code and bool(count.nouns))


def _check_labels(blocks: Sequence[Block]) -> Iterator[Judged]:
    for block in blocks:
        label = block.label if isinstance(block, Listing | Table) and not _is_code(block) else None
        if label is not None and (count := count_of_label(label.text) or count_of_state(label.text)):
            listed = list_blocks([block], count.nouns, block.line)
            if (
                label.text.rstrip(": ").endswith(")")
                or count_of_title(label.text.rstrip(": "))
                or listed.main <= MOST_MORE * count.value + 1
            ):
                yield from _compare(label, count, listed)


def _is_code(block: Listing | Table) -> bool:
    return isinstance(block, Listing) and bool(block.fence) and any(_CODE.search(each.text) for each in block.items)


def _check_last(document: Document, place: int) -> Iterator[Judged]:
    """Check the last line of a section that has subsections, if the line ends with a colon."""
    section = document.sections[place]
    last = section.blocks[-1] if section.blocks else None
    if not isinstance(last, Text) or section.end == place + 1:
        return
    line = last.lines[-1]
    if line.text.endswith(":") and (count := count_of_label(line.text)):
        yield from _compare(line, count, list_section(document, place, count.nouns))


def count_of_label(text: str) -> Count | None:
    """The number of a line that ends with a colon, if it counts what the line introduces.

    A second number may only say what those things are for: `5 venvs for 12 services:`.
    """
    if count := count_of_title(text.rstrip(": ")):
        return count
    start = max((each.end() for each in _SENTENCE.finditer(text)), default=0)
    counts = find_counts(text)
    first = next((each for each in counts if each.nouns or each.tail), None)
    if (
        first is None
        or not first.nouns
        or _is_odd(first)
        or first.start < start
        or _NOT_ALL.search(text[: first.start])
    ):
        return None
    before = text[: first.start]
    if before.count("(") > before.count(")") or before.count("[") > before.count("]") or _OF_OTHERS.search(before):
        return None
    more = [each for each in counts if each is not first]
    if more and (more[0].start < first.start or not _PREPOSITION.search(text[first.start : more[0].start])):
        return None
    rest = "" if more else " ".join((*first.tail, text[first.end :]))
    if not _POINTS.search(rest):
        rest = rest.partition("with ")[0]
    return None if _OTHER_LIST.search(rest) or list_nouns(rest) - first.nouns else first


def _compare(line: Line, count: Count, listed: Listed) -> Iterator[Judged]:
    subject = " ".join((*sorted(count.qualifiers), *sorted(count.nouns)))
    good = next((how for number, how in listed.ways.items() if number and count.agrees(number)), None)
    if good is not None:
        yield judge(line, ClaimKind.COUNT, subject, str(count), holds=True, why=good, other=listed.line)
    elif is_wrong(count, listed):
        why = f"{listed.ways.get(listed.main, f'{listed.main} listed')} below, and not {count}"
        yield judge(line, ClaimKind.COUNT, subject, str(count), holds=False, why=why, other=listed.line)


def is_wrong(count: Count, listed: Listed) -> bool:
    """Whether the list is what the number counts, but has a different length."""
    return listed.named and not listed.partial and listed.main > 0 and count.value <= TOO_FEW * listed.main
