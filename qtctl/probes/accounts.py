"""Users and groups as the host itself resolves them (facts `account` and `group`): getent, so all of NSS is asked.

A subject that is a number asks who has that id. The comment field is not kept: people write their names there.
"""

from collections.abc import Callable, Iterable, Sequence

from qtctl.dialects.lines import split_lines
from qtctl.dialects.shell import quote
from qtctl.model.account_facts import Account, Group
from qtctl.model.evidence import Need
from qtctl.model.fact import Fact
from qtctl.model.inquiry import Inquiry
from qtctl.model.plausible import U32, parse_whole
from qtctl.probes.answer import (
    TIMED_OUT,
    Answer,
    answer_absent,
    answer_observed,
    answer_refused,
    answer_unparseable,
    decode_text,
)
from qtctl.probes.batch import Command, Frame, Frames, Probe, make_command
from qtctl.probes.family import Family

FOUND, NOT_ALL_FOUND = 0, 2
"""getent's exit status: 2 means that one or more of the keys are in no database."""
WITHIN_S = 8
"""Seconds: a directory that is asked for names may not answer, and other questions wait."""
_EVERYWHERE = "0"
"""The number of a user and a group of every host: if it is not found, the host cannot look up its accounts."""
_PASSWD_FIELDS, _GROUP_FIELDS = 7, 4
_Row = tuple[str, str, Fact]
"""Name, number, and the fact."""


def probe(accounts: Iterable[Need], groups: Iterable[Need]) -> Probe:
    """One command for all users and one for all groups that are asked for."""
    families = [
        (database, sorted(set(needs), key=lambda need: need.subject), read)
        for database, needs, read in (("passwd", accounts, _read_account), ("group", groups, _group))
    ]
    asked = [family for family in families if family[1]]
    commands = tuple(_make_command(database, needs) for database, needs, _ in asked)

    def parse(frames: Frames) -> list[Answer]:
        return [
            answer
            for number, (database, needs, read) in enumerate(asked)
            for answer in _parse(needs, frames[number], database, read, number)
        ]

    return Probe(commands, parse)


def _make_command(database: str, needs: list[Need]) -> Command:
    return make_command(("getent", database, _EVERYWHERE, *(need.subject for need in needs)), within_s=WITHIN_S)


def make_again(database: str, subject: str) -> str:
    return f"getent {database} {quote(subject)}"


def _parse(
    needs: list[Need], frame: Frame | None, database: str, read: Callable[[list[str]], _Row], question: int
) -> list[Answer]:
    if frame is None:
        return _answer_all(needs, database, "the answer was cut off", question, answer_unparseable)
    if frame.exit in TIMED_OUT:
        why = f"getent did not end in {WITHIN_S} s: does a directory service not answer?"
        return _answer_all(needs, database, why, question, answer_refused)
    if frame.exit not in (FOUND, NOT_ALL_FOUND):
        return _answer_all(needs, database, f"getent ended with exit status {frame.exit}", question, answer_refused)
    try:
        rows = [read(line.split(":")) for line in split_lines(decode_text(frame.stdout)) if line]
    except ValueError as error:
        return _answer_all(
            needs, database, f"getent answered with a line that cannot be read: {error}", question, answer_unparseable
        )
    if all(number != _EVERYWHERE for _, number, _ in rows):
        why = f"getent does not find even root: can everybody read /etc/{database} and /etc/nsswitch.conf?"
        return _answer_all(needs, database, why, question, answer_refused)
    by_key = {key: fact for name, number, fact in reversed(rows) for key in (name, number)}
    return [_answer(need, by_key.get(need.subject), database, question) for need in needs]


def _answer_all(needs: list[Need], database: str, why: str, question: int, kind: Callable[..., Answer]) -> list[Answer]:
    return [kind(need, why, again=make_again(database, need.subject), question=question) for need in needs]


def _answer(need: Need, fact: Fact | None, database: str, question: int) -> Answer:
    asked = make_again(database, need.subject)
    if fact is None:
        return answer_absent(need, f"the host has none ({database})", again=asked, question=question)
    return answer_observed(need, fact, again=asked, question=question)


def _read_account(fields: list[str]) -> _Row:
    if len(fields) != _PASSWD_FIELDS:
        raise ValueError(f"{len(fields)} fields")
    name, _, uid, gid, _, home, shell = fields
    return name, uid, Account(name, parse_whole(uid, U32), parse_whole(gid, U32), home, shell)


def _group(fields: list[str]) -> _Row:
    if len(fields) != _GROUP_FIELDS:
        raise ValueError(f"{len(fields)} fields")
    name, _, gid, members = fields
    return name, gid, Group(name, parse_whole(gid, U32), sorted(filter(None, members.split(","))))


def _make_probe(needs: Sequence[Need], _: Inquiry) -> Probe:
    users = [need for need in needs if need.fact == Account.FACT]
    return probe(users, [need for need in needs if need.fact == Group.FACT])


FAMILY = Family((Account, Group), _make_probe)
