"""Numbers right next to what they count: names in the same line, a total below a list, a number above it."""

import re
from collections.abc import Iterator

from qtctl.claims.counts import count_of_label, count_of_title, is_wrong
from qtctl.claims.listed import list_blocks, list_rows
from qtctl.claims.numbers import read_number
from qtctl.claims.states import find_state
from qtctl.claims.verdicts import judge
from qtctl.claims.wording import YEARS, find_counts, list_nouns, split_names
from qtctl.dialects.document.types import Block, Document, Line, Listing, Table, Text
from qtctl.model.claims import ClaimKind, Judged

_TOTAL = re.compile(
    r"^(?:in |grand )?total(?: (?:number of )?(?P<noun>[A-Za-z]+))?:\s*"
    r"(?P<number>\d{1,9})(?: (?P<after>[A-Za-z]+))?\.?$",
    re.IGNORECASE,
)
_ABOVE = re.compile(r"^(?P<label>(?:[A-Za-z]+ ){0,2}[A-Za-z]+s):\s*(?P<number>\d{1,9})$")
_ABOVE_CLOSED = re.compile(r"^(?P<label>(?:[A-Za-z]+ ){0,2}[A-Za-z]+s) \((?P<number>\d{1,9})\)$")
_INLINE = re.compile(r"^(?P<head>[^:]{3,60}):\s+(?P<names>(?:[^:]|:(?!\s)){3,1000})$")
_STATE_INLINE = re.compile(r"(?<![\w.,/-])(?P<number>\d{1,4}) (?P<state>[a-z]+): (?P<names>[^:;()]{3,400})$")
_NEXT_SENTENCE = re.compile(r"\w[.!?] +[A-Z]")
_PARENTHESIS = re.compile(
    r"(?<![\w.,/-])(?P<head>(?:\d{1,4}|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)(?: [A-Za-z-]+){1,3})"
    r" \((?P<names>[^():]{3,400})\)",
    re.IGNORECASE,
)
_EXAMPLES = re.compile(r"\b(?:e\.g|etc|like|such as|including|incl|more|others)\b|\u2026|\.\.\.", re.IGNORECASE)
_TOKEN = re.compile(r"^[A-Za-z][\w.@/-]*$")
_NAME = re.compile(r"^[A-Za-z][\w.:@/-]*(?: [\w.-]+)?$")
LEAST, LEAST_IN_PARENTHESIS, MOST_LEFT_OUT = 2, 3, 2
"""Names in a line, and how many times as many a number may count: with fewer names, they are examples."""


def check_nearby(document: Document) -> Iterator[Judged]:
    for section in document.sections:
        before: Block | None = None
        for block in section.blocks:
            if isinstance(block, Text) and isinstance(before, Table | Listing):
                yield from _check_total(block.lines[0], before)
            elif isinstance(block, Table | Listing) and isinstance(before, Text) and not before.lines[-1].fence:
                yield from _check_above(before.lines[-1], block)
            if isinstance(block, Text | Listing):
                for line in block.lines:
                    yield from _check_inline(line)
                    yield from _check_state_inline(line)
                    yield from _check_parenthesis(line)
            before = block


def _check_total(line: Line, block: Table | Listing) -> Iterator[Judged]:
    """`Total: 12 services` below a table: its rows, or the sum of one of its columns."""
    found = _TOTAL.match(line.text)
    if not found or (isinstance(block, Listing) and block.fence):
        return
    number, nouns = int(found["number"]), list_nouns(f"{found['noun'] or ''} {found['after'] or ''}")
    listed = list_blocks([block], nouns, block.line)
    ways = {*listed.ways, *(_sum_columns(block) if isinstance(block, Table) else ())}
    known = isinstance(block, Table) and bool(list_nouns(" ".join(f"{each}s" for each in block.header)) & nouns)
    if number in ways or (listed.named and not listed.partial and (known or not (found["noun"] or found["after"]))):
        why = f"{listed.ways.get(listed.main, str(listed.main))} above"
        yield judge(line, ClaimKind.COUNT, "total", str(number), holds=number in ways, why=why, other=block.line)


def _sum_columns(table: Table) -> Iterator[int]:
    for at in range(1, len(table.header)):
        numbers = [number for each in list_rows(table) if (number := read_number(each.cells[at]))]
        if numbers:
            yield int(sum(each.value for each in numbers))


def _check_above(line: Line, block: Table | Listing) -> Iterator[Judged]:
    """`Services: 5` right above a list of services."""
    found = _ABOVE.match(line.text) or _ABOVE_CLOSED.match(line.text)
    if not found or int(found["number"]) in YEARS or block.label is not None:
        return
    count = count_of_title(f"{found['label']} ({found['number']})")
    if count is not None:
        listed = list_blocks([block], count.nouns, block.line)
        holds = any(count.agrees(each) for each in listed.ways if each)
        if holds or (is_wrong(count, listed) and isinstance(block, Listing)):
            why = f"{listed.ways.get(listed.main, str(listed.main))} below"
            yield judge(
                line, ClaimKind.COUNT, found["label"].lower(), str(count), holds=holds, why=why, other=block.line
            )


def _check_inline(line: Line) -> Iterator[Judged]:
    """`3 brokers: mq-1, mq-2, mq-3`, `Streams (2): orders, mails`."""
    found = _INLINE.match(line.text.rstrip("."))
    if not found or _NEXT_SENTENCE.search(found["names"]):
        return
    count, names = count_of_label(found["head"]), split_names(found["names"])
    if count is None or not count.nouns or len(names) < LEAST or count.value > MOST_LEFT_OUT * len(names):
        return
    if not all(_NAME.match(each) for each in names) or len(names) != found["names"].count(",") + 1 + _count_ands(
        found["names"]
    ):
        return
    holds = any(count.agrees(each) for each in (len(names), len(set(names))))
    why = f"{len(names)} names follow"
    yield judge(line, ClaimKind.COUNT, " ".join(sorted(count.nouns)), str(count), holds=holds, why=why)


def _check_parenthesis(line: Line) -> Iterator[Judged]:
    """`4 queues (mail, push, sms)`. Such names are often examples, so only one too many or too few is called wrong."""
    for found in _PARENTHESIS.finditer(line.text):
        counts = find_counts(found["head"])
        count, names = counts[-1] if counts else None, split_names(found["names"])
        if count is None or not count.nouns or count.measured or count.about or count.least or count.tail:
            continue
        if len(names) < LEAST_IN_PARENTHESIS or not all(map(_TOKEN.match, names)) or _EXAMPLES.search(found["names"]):
            continue
        if abs(count.value - len(names)) <= 1 and line.text[: found.start()].count("(") == line.text[
            : found.start()
        ].count(")"):
            holds = count.value in (len(names), len({*names}))
            why = f"{len(names)} names follow"
            yield judge(line, ClaimKind.COUNT, " ".join(sorted(count.nouns)), str(count), holds=holds, why=why)


def _check_state_inline(line: Line) -> Iterator[Judged]:
    """`3 down: mailer, search`."""
    found = _STATE_INLINE.search(line.text.rstrip("."))
    if not found or not find_state(found["state"]):
        return
    names = split_names(found["names"])
    if len(names) < LEAST or not all(map(_TOKEN.match, names)) or int(found["number"]) > MOST_LEFT_OUT * len(names):
        return
    holds = int(found["number"]) in (len(names), len({*names}))
    yield judge(line, ClaimKind.COUNT, found["state"], found["number"], holds=holds, why=f"{len(names)} names follow")


def _count_ands(text: str) -> int:
    return len(re.findall(r"(?<!,) (?:and|&) ", text))
