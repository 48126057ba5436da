"""Statements about all, none or one thing, compared with the rest of the document."""

import re
from collections.abc import Iterator, Sequence

from qtctl.claims.groups import Group
from qtctl.claims.numbers import list_head_words
from qtctl.claims.verdicts import judge
from qtctl.claims.vocabulary import split_words
from qtctl.claims.wording import GENERIC, find_counts, list_words
from qtctl.dialects.document.types import Document, Line, Listing, Table
from qtctl.model.claims import ClaimKind, Judged

_NONE = re.compile(
    r"(?:^|[\s(\[:|-])(?:no|zero|0)\s+(?P<state>[A-Za-z-]{4,20})\s+(?P<noun>[A-Za-z]{3,20})\b(?!\s*\(was)",
    re.IGNORECASE,
)
_FIELD = re.compile(r"^\W{0,3}(?P<label>[A-Za-z][A-Za-z_-]{2,30})\W{0,3}[:|=]\s*(?P<number>\d{1,9})\b\W{0,3}(?:\||$)")
_STATES = split_words(
    "unknown failed missing orphaned stopped inactive unhealthy degraded unclassified unmapped broken "
    "disabled pending crashed dead masked skipped"
)
_NOTHING_LOST = re.compile(
    r"\bno\s+(?P<what>[A-Za-z][\w ,/-]{2,80}?)\s+(?:were|was|are|is|have been|has been)?\s*(?:lost|missing|dropped)\b",
    re.IGNORECASE,
)
_LOST = re.compile(
    r"^(?:lost|missing|dropped|gaps?)\b|\bbut\s+not\s+in\b|\bnot\s+(?:yet\s+)?(?:migrated|covered)\b", re.IGNORECASE
)
_PROGRAMS = re.compile(
    r"\ball\b[^.|]{0,40}\b(?:ExecStart|executables?|programs?)\b[^.|]{0,30}\b(?:valid|exist|found|ok)\b", re.IGNORECASE
)
_NO_EXEC = re.compile(r"\b(?:exit(?:ed)?(?: with)?(?: code| status)?[ :=]*203|203/EXEC)\b", re.IGNORECASE)
_FAILED = re.compile(r"\b(?:status|state|active)\W{1,3}failed\b|^\W{0,3}failed$", re.IGNORECASE)
_EXIT_0 = re.compile(r"\bexit\b[^.|]{0,20}?\b(?:code\s*)?0\b", re.IGNORECASE)
_BOTH = re.compile(r"\bfailed\b.{0,40}\b(?:ran success|succeeded|success).{0,30}\bexit\b.{0,10}\b0\b", re.IGNORECASE)
_NOT_FOUND = re.compile(r"\b(?:status|state|load(?:ed)?|loadstate)\W{1,3}not[- ]found\b", re.IGNORECASE)
_FILE_EXISTS = re.compile(r"\bunit file (?:exists|is there|present)\b", re.IGNORECASE)
_EXPECTED = re.compile(r"\(expected:?\s*(?:only\s*)?[\"'“](?P<text>[^\"'”]{3,120})[\"'”]\s*\)", re.IGNORECASE)
_GREP = re.compile(r"\|\s*(?:grep|egrep)\s+(?P<options>(?:-[a-zA-Z]+\s+)*)[\"'](?P<words>[\w |./-]{2,120})[\"']\s*$")


def check_none(lines: Sequence[Line]) -> Iterator[Judged]:
    """`No unknown modules` next to a number of them that is not 0."""
    numbers: dict[str, tuple[int, Line]] = {}
    for line in lines:
        if found := _FIELD.match(line.text.replace('"', "")):
            numbers.setdefault(found["label"].lower(), (int(found["number"]), line))
    for line in lines:
        for found in _NONE.finditer(line.text):
            state, noun = found["state"].lower(), list_words(found["noun"])[-1:]
            number, other = numbers.get(state, (0, line))
            if state in _STATES and state in numbers and noun and noun[0] in GENERIC and other is not line:
                why = f"{number} {state} there"
                yield judge(line, ClaimKind.EVERY, state, "none", holds=number == 0, why=why, other=other.line)


def check_lost(document: Document, lines: Sequence[Line], groups: Sequence[Group]) -> Iterator[Judged]:
    """`No services were lost` next to a list of lost ones."""
    said = [each for each in lines if _NOTHING_LOST.search(each.text)]
    if not said:
        return
    titles = [(each.line.line, each.line.text, each.listed.main) for each in groups if each.listed.main]
    for section in document.sections:
        lists = [each for each in section.blocks if isinstance(each, Listing)]
        titles += [(section.line, section.title, len(lists[0].top))] if lists else []
    lost = [each for each in titles if _LOST.search(each[1]) and not find_counts(each[1])]
    for line in said:
        if lost:
            at, title, number = lost[0]
            why = f"{number} under {title!r}"
            yield judge(line, ClaimKind.EVERY, "lost", "none", holds=False, why=why, other=at)


def check_programs(lines: Sequence[Line]) -> Iterator[Judged]:
    """`All ExecStart paths valid` next to exit status 203: systemd could not run a program."""
    broken = [each for each in lines if _NO_EXEC.search(each.text)]
    for line in lines:
        if broken and _PROGRAMS.search(line.text):
            yield judge(line, ClaimKind.EVERY, "ExecStart=", "all valid", holds=False, other=broken[0].line,
                        why="exit status 203 there: systemd could not run the program")  # fmt: skip


def check_records(document: Document) -> Iterator[Judged]:
    """Fields of one thing that contradict each other, in one list or line."""
    for block in document.blocks:
        if isinstance(block, Listing):
            yield from _check_record(block.lines[:20])
        if isinstance(block, Table):
            yield from _check_rows(block)
        else:
            for line in block.lines:
                if _BOTH.search(line.text):
                    yield judge(line, ClaimKind.STATE, "failed", "exit 0", holds=False, other=line.line,
                                why="a unit whose last run ended with 0 has not failed")  # fmt: skip


def _check_rows(table: Table) -> Iterator[Judged]:
    """A column of states beside one of exit codes."""
    heads = [list_head_words(each) for each in table.header]
    states = [at for at, head in enumerate(heads) if head & {"state", "status", "active"} and len(head) <= 2]  # noqa: PLR2004
    exits = [at for at, head in enumerate(heads) if head & {"exit", "exitcode"}]
    if len(states) != 1 or len(exits) != 1:
        return
    for row in table.rows:
        if re.match(r"failed\b", row.cells[states[0]], re.IGNORECASE) and re.match(
            r"(?:code )?0\b", row.cells[exits[0]]
        ):
            yield judge(row.whole, ClaimKind.STATE, "failed", "exit 0", holds=False, other=row.line,
                        why="a unit whose last run ended with 0 has not failed")  # fmt: skip


def _check_record(lines: Sequence[Line]) -> Iterator[Judged]:
    pairs = (
        (_FAILED, _EXIT_0, "failed", "a unit whose last run ended with 0 has not failed"),
        (_NOT_FOUND, _FILE_EXISTS, "not-found", "not-found is a unit without a file"),
    )
    for state, other, word, why in pairs:
        first = next((each for each in lines if state.search(each.text)), None)
        second = next((each for each in lines if other.search(each.text)), None)
        if first is not None and second is not None and first is not second:
            yield judge(second, ClaimKind.STATE, word, second.text, holds=False, why=why, other=first.line)


def check_expectations(document: Document) -> Iterator[Judged]:
    """A command whose own filter would drop the output that the document expects."""
    for block in document.blocks:
        label = block.label if isinstance(block, Listing) else None
        expected = _EXPECTED.search(label.text) if label else None
        if isinstance(block, Listing) and label and expected and block.items:
            found = _GREP.search(block.items[0].text)
            if found and "v" not in found["options"]:
                yield _judge_filter(label, expected["text"], found["words"], block.items[0].line)


def _judge_filter(label: Line, expected: str, words: str, other: int) -> Judged:
    holds = any(each and each in expected for each in words.split("|"))
    why = f"the filter there lets only lines with {' or '.join(words.split('|'))} through"
    return judge(label, ClaimKind.CHECK, "expected output", expected, holds=holds, why=why, other=other)
