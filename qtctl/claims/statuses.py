"""Counts of things in a state, compared with the rows in that state, the section named after it, and the total."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from qtctl.claims.counts import TOO_FEW
from qtctl.claims.listed import Listed, list_rows, list_section
from qtctl.claims.numbers import is_total, list_head_words, read_number
from qtctl.claims.states import read_state
from qtctl.claims.verdicts import judge
from qtctl.claims.vocabulary import split_words
from qtctl.claims.wording import Count, find_counts, list_nouns, list_words, make_singular
from qtctl.dialects.document.types import Document, Line, Section, Table, Text
from qtctl.model.claims import ClaimKind, Judged

_STATUS_HEADS = split_words("status state category verdict result disposition classification active health")
_COUNT_HEADS = split_words("count number # qty quantity total amount")
_PLAIN = split_words(
    "table mapping inventory list overview status summary all complete full the of and matrix catalog catalogue"
)
_PAGES = re.compile(r"^(?:page|per page|page size|offset|limit|next|cursor|truncated|has more)\b", re.IGNORECASE)
"""Fields that mark a document as one page of a longer one."""
MOST_STATES, LEAST_ROWS, LEAST_SUMMED = 8, 3, 2
_COUNTED = re.compile(
    r"^(?:(?:total|number of|num|count of) (?P<after>[\w -]{1,60})|(?P<before>[\w -]{1,60}) (?:count|total)): \d"
)


@dataclass(frozen=True, slots=True)
class StatusColumn:
    """A table with a column of states. `nouns`: what its rows are. `states`: state → how many rows have it.

    `place`: of its section. `whole`: no title presents the table as a part of something.
    """

    line: int
    nouns: frozenset[str]
    states: Mapping[str, int]
    rows: int
    title: str = ""
    place: int = 0
    whole: bool = True


def find_status_columns(document: Document) -> tuple[StatusColumn, ...]:
    found: list[StatusColumn] = []
    for place, section in enumerate(document.sections):
        whole = _is_whole(document, place)
        for block in section.blocks:
            if isinstance(block, Table):
                found += _list_status_columns(block, section.title.lower(), place, whole=whole)
    return tuple(found[:500])


def _is_whole(document: Document, place: int) -> bool:
    """Whether the title above the table only says what the rows are, without a number or a selection."""
    section = document.sections[place]
    if document.structured:
        return section.level <= 1
    title = re.sub(r"^[\d.]+\s*", "", section.title)
    words = frozenset(list_words(title)) - _PLAIN - {make_singular(each) for each in _PLAIN}
    return not find_counts(title) and len(words) <= 1 and not section.level > 3  # noqa: PLR2004 - parts of parts


def _list_status_columns(table: Table, title: str, place: int, *, whole: bool) -> Iterator[StatusColumn]:
    rows = list_rows(table)
    heads = [list_head_words(each) for each in table.header]
    nouns = frozenset(list_words(table.header[0])[-1:]) | {"item"}
    for at, head in enumerate(heads):
        if not at or not head & _STATUS_HEADS or len(head) > 2:  # noqa: PLR2004 - "unit state"
            continue
        states = Counter(_name_state(each.cells[at]) for each in rows)
        if "" not in states and len(states) <= MOST_STATES:
            yield StatusColumn(table.line, nouns, states, len(rows), title, place, whole)


def _name_state(cell: str) -> str:
    """A short cell as it is; of a longer one, `running (3 days)`, the word for its state; '' if it names none."""
    if len(cell.split()) <= 2:  # noqa: PLR2004 - "not found"
        return cell.strip(" .!").lower()
    first = re.match(r"[a-z]+", cell.lower())
    return first[0] if first and read_state(cell) and read_state(first[0]) == read_state(cell) else read_state(cell)


def check_statuses(line: Line, columns: Sequence[StatusColumn], titled: frozenset[str]) -> Iterator[Judged]:
    """`29 mapped`, `19 new services`. `titled`: states with a section of their own, which is compared instead."""
    of: frozenset[str] = frozenset()
    for count in find_counts(line.text):
        words = count.qualifiers if count.nouns else frozenset(count.tail[:1])
        of = count.nouns or of
        for state in sorted(words):
            those = [each for each in columns if state in each.states and of & each.nouns]
            if max((each.rows for each in those), default=0) < LEAST_ROWS or state in titled or count.about:
                continue
            numbers = {each.states[state] for each in those} | {sum(each.states[state] for each in those)}
            holds = any(count.agrees(each) for each in numbers)
            why = f"{those[0].states[state]} of {those[0].rows} rows are {state}"
            yield judge(line, ClaimKind.COUNT, state, str(count), holds=holds, why=why, other=those[0].line)


def check_summaries(document: Document, columns: Sequence[StatusColumn]) -> Iterator[Judged]:
    """`5 migrated, 2 deprecated` in the section of a table that has these states and no others."""
    for place, section in enumerate(document.sections):
        here = [each for each in columns if each.place == place]
        if len(here) != 1 or here[0].rows < LEAST_SUMMED or len(here[0].states) < LEAST_SUMMED:
            continue
        for block in section.blocks:
            for line in block.lines if not isinstance(block, Table) else ():
                yield from _check_summary(line, here[0])


def _check_summary(line: Line, column: StatusColumn) -> Iterator[Judged]:
    stated: dict[str, Count] = {}
    for count in find_counts(line.text):
        words = count.qualifiers | ({count.tail[0]} if count.tail and not count.nouns else frozenset())
        for state in words & column.states.keys():
            stated.setdefault(state, count)
    totals = [each for each in find_counts(line.text) if each.nouns and each not in stated.values()]
    if stated.keys() != column.states.keys() or any(each.about for each in stated.values()):
        return
    if any(each.value != column.rows for each in totals):
        return
    for state, count in sorted(stated.items()):
        number = column.states[state]
        why = f"{number} of {column.rows} rows are {state}"
        yield judge(line, ClaimKind.COUNT, state, str(count), holds=count.agrees(number), why=why, other=column.line)


def check_fields_by_state(line: Line, columns: Sequence[StatusColumn]) -> Iterator[Judged]:
    """`running: 28` in a document of fields, compared with the rows that are running."""
    found = re.match(r"^(?P<label>[\w -]{1,60}): (?P<number>\d{1,9})$", line.text)
    if not found:
        return
    label = re.sub(r"\b(?:count|total|number of|num)\b", "", found["label"].lower()).strip()
    those = [each for each in columns if label in each.states]
    if those:
        number, rows = those[0].states[label], {each.states[label] for each in those}
        why = f"{number} of {those[0].rows} entries are {label}"
        yield judge(line, ClaimKind.COUNT, label, found["number"], holds=int(found["number"]) in rows, why=why,
                    other=those[0].line)  # fmt: skip


def find_counted_arrays(lines: Sequence[Line]) -> frozenset[str]:
    """Arrays that a document counts by name: `total_modules`, `host_count`."""
    found = set()
    for line in lines:
        if counted := _COUNTED.match(line.text):
            name = counted["before"] or counted["after"]
            found |= {name, f"{name}s"}
    return frozenset(found)


def check_array_counts(document: Document) -> Iterator[Judged]:
    """`total_modules: 35` in a document of fields, compared with the array `modules`."""
    if any(_PAGES.match(line.text) for section in document.sections for line in _list_text_lines(section)):
        return
    arrays = {
        section.title.lower(): list_section(document, place, list_nouns(section.title))
        for place, section in enumerate(document.sections)
        if section.level == 1 and section.blocks and not _has_fields(document, place)
    }
    objects = {
        section.title.lower(): number
        for place, section in enumerate(document.sections)
        if section.level == 1 and not section.blocks and (number := len([*document.list_children(place)])) > 1
    }
    for block in document.blocks:
        for line in block.lines if isinstance(block, Text) else ():
            yield from _check_array(line, arrays)
            yield from _check_objects(line, objects)


def _list_text_lines(section: Section) -> Iterator[Line]:
    for block in section.blocks:
        yield from block.lines if isinstance(block, Text) else ()


def _has_fields(document: Document, place: int) -> bool:
    return any(isinstance(block, Text) for block in document.sections[place].blocks)


def _check_array(line: Line, arrays: Mapping[str, Listed]) -> Iterator[Judged]:
    found = re.match(r"^(?P<label>[\w -]{1,60}): (?P<number>\d{1,9})$", line.text)
    if not found:
        return
    label = re.sub(r"^(?:total|number of|num|n|count of) | (?:count|total)$", "", found["label"].lower())
    explicit = label != found["label"].lower()
    listed = arrays.get(label) or arrays.get(f"{label}s")
    if (
        listed is not None
        and (explicit or int(found["number"]) in listed.ways)
        and _may_be(int(found["number"]), listed)
    ):
        holds = int(found["number"]) in listed.ways
        why = f"{listed.ways.get(listed.main, str(listed.main))} in {label}"
        yield judge(line, ClaimKind.COUNT, label, found["number"], holds=holds, why=why, other=listed.line)


def _check_objects(line: Line, objects: Mapping[str, int]) -> Iterator[Judged]:
    """`service_count: 3`, compared with an object that has a key for each service."""
    if found := _COUNTED.match(line.text):
        name = (found["before"] or found["after"]).lower()
        number = objects.get(name) or objects.get(f"{name}s")
        value = line.text.rpartition(": ")[2]
        if number and value.isdigit():
            why = f"{number} keys in {name}"
            yield judge(line, ClaimKind.COUNT, name, value, holds=int(value) == number, why=why)


def _may_be(number: int, listed: Listed) -> bool:
    return number <= TOO_FEW * max(listed.ways, default=0)


def check_categories(document: Document) -> Iterator[Judged]:
    """A table of counts by category, compared with the sections named after its categories."""
    for block in document.blocks:
        if isinstance(block, Table) and (at := _count_column(block)) is not None:
            yield from _check_category_table(document, block, at)


def _count_column(table: Table) -> int | None:
    heads = [list_head_words(each) for each in table.header]
    found = [at for at, head in enumerate(heads) if at and head & _COUNT_HEADS and len(head) == 1]
    return found[0] if len(found) == 1 else None


def _check_category_table(document: Document, table: Table, at: int) -> Iterator[Judged]:
    sums, known = {0}, True
    lines: list[int] = []
    for row in table.rows:
        number = read_number(row.cells[at])
        if number is None or not number.whole:
            return
        if is_total(row.cells[0]):
            if known and len(lines) > 1:
                holds = int(number.value) in sums
                why = f"the sections of its {len(lines)} rows list {_format_span(sums)} in all"
                yield judge(row.whole, ClaimKind.SUM, row.cells[0], str(number.value), holds=holds, why=why,
                            other=lines[0])  # fmt: skip
            return
        listed = _find_section(document, row.cells[0])
        if listed is None or not (listed.named or int(number.value) in listed.ways):
            known = False
            continue
        holds = int(number.value) in listed.ways
        ways = {int(number.value)} if holds else {each for each in listed.ways if each >= listed.main - 1}
        sums = {total + each for total in sums for each in ways} if len(sums) < 1000 else sums  # noqa: PLR2004
        lines.append(listed.line)
        if holds or not listed.partial:
            why = f"{listed.ways.get(listed.main, str(listed.main))} below"
            yield judge(row.whole, ClaimKind.COUNT, row.cells[0], str(number.value), holds=holds, why=why,
                        other=listed.line)  # fmt: skip


def _format_span(sums: set[int]) -> str:
    return str(min(sums)) if len(sums) == 1 else f"{min(sums)} to {max(sums)}"


def _find_section(document: Document, label: str) -> Listed | None:
    """The only section whose title has the same words, apart from a number and at most one more noun."""
    words = frozenset(list_words(label))
    found = [
        place
        for place, section in enumerate(document.sections)
        if words
        and words <= (title := _split_title(section.title))
        and len(title - words) <= 1
        and _has_count(section.title)
    ]
    return list_section(document, found[0], list_nouns(document.sections[found[0]].title)) if len(found) == 1 else None


def _split_title(title: str) -> frozenset[str]:
    return frozenset(list_words(re.sub(r"\([^()]*\)", "", title)))


def _has_count(title: str) -> bool:
    return bool(re.search(r"\(\s*\d+[^()]*\)\s*$", title))


def list_titled_states(document: Document) -> frozenset[str]:
    """Words of titles with a number in parentheses: `RUNNING MODULES (28)`."""
    return frozenset(
        word for section in document.sections if _has_count(section.title) for word in _split_title(section.title)
    )
