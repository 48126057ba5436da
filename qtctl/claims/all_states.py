"""`All 14 services are running`, `no failed services`, compared with the rows of a table that have a state."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qtctl.claims.counts import TOO_FEW
from qtctl.claims.facets import find_facets
from qtctl.claims.listed import list_blocks
from qtctl.claims.states import read_state
from qtctl.claims.statuses import StatusColumn
from qtctl.claims.verdicts import judge
from qtctl.claims.vocabulary import split_words
from qtctl.claims.wording import DOWN, GENERIC, NEUTRAL, list_nouns, list_words
from qtctl.dialects.document.types import Document, Line, Table
from qtctl.model.claims import ClaimKind, Judged

_STATES = (
    "running|active|up|healthy|online|operational|pass(?:ed|ing)?|ok|green|available|valid|ready|successful|succeeded"
)
_ALL_UP = re.compile(
    r"(?:^(?:\[[xX]\]\s*)?\W{0,3}|[.:;!\u2013\u2014-]\s+|\()(?:all|every)\s+(?:of )?(?:the |our |these )?"
    r"(?:(?P<number>\d{1,6}) )?(?P<words>(?:[a-z-]+ ){0,2}?)(?P<noun>[a-z]+)\s+(?:are |is )?"
    rf"(?:now |currently |fully |up and |back )*(?P<state>{_STATES})\b(?! to\b)(?! and (?!{_STATES}))"
    r"(?![^.]*\b(?:except|but|apart|other than|besides|excluding)\b)",
    re.IGNORECASE,
)
_NO_STATE = re.compile(
    r"(?:^|[.:;,-]\s+)(?:no|zero|0)\s+(?P<state>[a-z]+)\s+(?P<noun>[a-z]+)\b(?!\s*\(was)(?![^.]*\b(?:except|but|other)\b)",
    re.IGNORECASE,
)
_WISHED = re.compile(
    r"\b(?:expect\w*|goals?|targets?|should|must|until|when|once|if|whether|verify|verification|checks?|ensure|confirm|wait"
    r"|criteria|desired|planned|todo|checklist|acceptance|after|before|prerequisites?|steps?|example|template|was|were)\b",
    re.IGNORECASE,
)
_WISHED_TITLE = re.compile(
    r"\b(?:expect\w*|goals?|targets?|verify|verification|criteria|desired|planned|todo|checklist|acceptance|prerequisites?"
    r"|logs?|excerpts?|output|examples?|samples?|quotes?|transcript)\b",
    re.IGNORECASE,
)
_GENERIC = GENERIC | split_words("name host node check test")
LEAST_ROWS, LEAST_NEAR = 3, 2


@dataclass(frozen=True, slots=True)
class _Near:
    """A column of states that a sentence may be about. `same`: in the same section."""

    column: StatusColumn
    same: bool


def check_all_states(document: Document, columns: Sequence[StatusColumn]) -> Iterator[Judged]:
    if not columns:
        return
    for place, section in enumerate(document.sections):
        lines = [Line(section.line, section.title)] if section.title else []
        lines += [line for block in section.blocks if not isinstance(block, Table) for line in block.lines]
        for line in lines:
            yield from _check_all(document, place, line, columns)
            yield from _check_none(line, columns)


def _check_all(document: Document, place: int, line: Line, columns: Sequence[StatusColumn]) -> Iterator[Judged]:
    found = _ALL_UP.search(line.text)
    title = document.sections[place].title
    if (
        not found
        or _WISHED.search(line.text[: found.start() + 1])
        or (title != line.text and _WISHED_TITLE.search(title))
    ):
        return
    near = [each for each in columns if _is_about(document, place, found, each)]
    same = [each for each in near if each.place == place]
    nouns = frozenset(list_words(found["noun"]))
    same = [each for each in same if nouns & each.nouns] or same
    for each in same or near:
        down = {state: number for state, number in each.states.items() if _is_down(state)}
        up = any(read_state(state) == "up" for state in each.states)
        if each.rows < (LEAST_NEAR if same else LEAST_ROWS) or not up:
            continue
        why = ", ".join(f"{number} of {each.rows} rows: {state}" for state, number in down.items()) or "as listed"
        yield judge(line, ClaimKind.EVERY, "all", found["state"], holds=not down, why=why, other=each.line)
        if same and found["number"] and len(same) == 1:
            yield from _check_number(document, line, found, each)


def _is_about(document: Document, place: int, found: re.Match[str], column: StatusColumn) -> bool:
    """Whether the sentence names what the rows are, or something as general as they do in the same section."""
    facets = find_facets(document, place)
    if not facets.allows(find_facets(document, column.place)):
        return False
    nouns, words = frozenset(list_words(found["noun"])), frozenset(list_words(found["words"])) - NEUTRAL
    titles = " ".join(document.sections[each].title for each in document.list_around(column.place))
    if words - frozenset(list_words(titles)) - column.nouns - {"systemd"}:
        return False
    if column.place == place:
        return bool(nouns & column.nouns) or bool(nouns & _GENERIC and column.nouns & _GENERIC)
    return column.whole and bool(nouns & column.nouns)


def _is_down(state: str) -> bool:
    return read_state(state) not in ("", "up")


def _check_number(document: Document, line: Line, found: re.Match[str], column: StatusColumn) -> Iterator[Judged]:
    table = next(each for each in document.sections[column.place].blocks if each.line == column.line)
    listed = list_blocks([table], list_nouns(found["noun"]), table.line)
    number = int(found["number"])
    if listed.partial or (number > TOO_FEW * column.rows and not _touch(document, line, column)):
        return
    why = f"{column.rows} rows"
    yield judge(line, ClaimKind.COUNT, found["noun"].lower(), str(number), holds=number in listed.ways, why=why,
                other=column.line)  # fmt: skip


def _touch(document: Document, line: Line, column: StatusColumn) -> bool:
    """Whether the sentence is in the block right above or below the table."""
    blocks = document.sections[column.place].blocks
    at = next(number for number, each in enumerate(blocks) if each.line == column.line)
    beside = (*blocks[max(0, at - 1) : at], *blocks[at + 1 : at + 2])
    return any(each.line == line.line for block in beside for each in block.lines)


def _check_none(line: Line, columns: Sequence[StatusColumn]) -> Iterator[Judged]:
    """`No failed services` next to rows that have failed."""
    for found in _NO_STATE.finditer(line.text):
        state, nouns = found["state"].lower(), frozenset(list_words(found["noun"]))
        kind = DOWN.get(state)
        for each in columns if kind else ():
            if each.rows >= LEAST_ROWS and each.whole and nouns & each.nouns:
                number = sum(rows for word, rows in each.states.items() if state in (read_state(word), word.split()[0]))
                yield judge(line, ClaimKind.EVERY, state, "none", holds=not number, other=each.line,
                            why=f"{number} of {each.rows} rows are {state}")  # fmt: skip
