"""Units over D-Bus: all declared ones in one exchange, and a second exchange only for what the first one finds."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import islice
from typing import TypeVar

from qtctl.collect.look import BUS_SHARE, Observation
from qtctl.dialects.systemd.boot_order import ESSENTIAL
from qtctl.errors import HostError, NoSession
from qtctl.interfaces.host import UNREADABLE, BusCall, BusReply
from qtctl.model.evidence import Need
from qtctl.model.facts import Reach, Unit, UnitListing
from qtctl.model.inquiry import LISTEN, TRIGGERED_BY, Inquiry
from qtctl.probes import units as probe
from qtctl.probes.answer import (
    Answer,
    answer_absent,
    answer_not_asked,
    answer_observed,
    answer_refused,
    answer_unparseable,
)

REACH = Need(Reach.FACT, "bus")
LISTING = Need(UnitListing.FACT, "*")
MOST_UNDECLARED = 2000
"""How many undeclared units are asked for: the host says how many there are."""
AGAIN = "busctl status org.freedesktop.systemd1"
T = TypeVar("T")


class _Failed(Exception):
    """systemd answered a question that all units depend on with an error, or with something other than a list."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A unit's state, and the replies to the Gets of its properties."""

    row: probe.Row
    replies: tuple[BusReply, ...]
    ask: int


@dataclass(frozen=True, slots=True)
class _First:
    """The result of the first exchange: units seen, units whose properties must still be read, unit files."""

    seen: dict[str, _Seen]
    late: dict[str, probe.Row]
    files: Mapping[str, str]

    @property
    def rows(self) -> dict[str, probe.Row]:
        return {name: each.row for name, each in self.seen.items()} | self.late


class _Session:
    """Calls on the bus of a look, timed and noted."""

    def __init__(self, look: Observation, *, root: bool) -> None:
        self.inquiry, self.ledger = look.inquiry, look.ledger
        self._clock, self._deadline = look.clock, look.deadline
        self._bus = look.host.bus(root=root, deadline_s=look.deadline.left(BUS_SHARE))
        self._at = self._took_s = 0.0

    def list_properties(self, unit: str) -> probe.Shown:
        """The properties that show how the unit's directives are loaded."""
        return list_shown(self.inquiry, unit)

    def note(self, argv: Sequence[str], again: str) -> int:
        """A question of the last call."""
        return self.ledger.ask("bus", argv, again, at=self._at, took_s=self._took_s)

    def call(self, questions: Sequence[probe.Question]) -> list[BusReply]:
        self._at, begin = self._clock.now(), self._clock.monotonic()
        calls = [BusCall(each.path, each.interface, each.member, each.signature, each.body) for each in questions]
        replies = self._bus.call(calls, self._deadline.left(BUS_SHARE)) if calls else []
        self._took_s = self._clock.monotonic() - begin
        return replies


def list_shown(inquiry: Inquiry, unit: str) -> probe.Shown:
    """The properties of a unit to keep besides the allow-list; for every socket, where it listens."""
    shown = inquiry.properties.get(unit, ())
    return shown if not unit.endswith(".socket") or LISTEN in shown else (*shown, LISTEN)


def ask(look: Observation, needs: Iterable[Need], *, root: bool, last: bool = True) -> bool:
    """Note the listing and every unit needed; with a listing, also the fleet's units that nothing declares.

    A bus that breaks off refuses what it has not answered, and nothing else. False if the host had no session left for
    it, and not `last`: nothing is noted, and it is asked again when others have ended.
    """
    open_ = set(needs)
    try:
        session = _Session(look, root=root)
        _look(session, open_)
    except (HostError, _Failed) as error:
        if isinstance(error, NoSession) and not last:
            return False
        look.ledger.refuse([*open_, REACH], error if isinstance(error, HostError) else str(error))
        return True
    reach = session.note(("Hello",), AGAIN)
    look.ledger.add([answer_observed(REACH, Reach(look.host.user), again=AGAIN)], [reach])
    return True


def _look(session: _Session, open_: set[Need]) -> None:
    """Answer and remove from `open_` need by need: if the bus breaks off, what is left in it was not answered."""
    names = sorted(need.subject for need in open_ if need.fact == Unit.FACT)
    odd = [answer_not_asked(Need(Unit.FACT, name), why) for name in names if (why := probe.explain_odd_name(name))]
    _close(session, open_, odd, 0)
    named = [name for name in names if not probe.explain_odd_name(name)]
    if session.inquiry.named_only:
        _look_at_named(session, open_, named)
        return
    # Units that should be gone, and mostly are, are asked for properties only if they turn out to exist.
    gone = session.inquiry.retired_units
    expected = [name for name in named if name not in gone]
    # The file of any unit that the registry mentions is worth seeing, whatever is needed.
    patterns = (*session.inquiry.unit_patterns, *session.inquiry.unit_names, *names, *ESSENTIAL)
    # systemd takes longest for the list of files, so it is asked for early: the rest is sent and queued meanwhile.
    first = [probe.ALL_UNITS, probe.ask_by_names(named), probe.ask_unit_files(patterns)]
    replies = session.call([*first, *_list_gets(session, expected)])
    loaded, files = _read(replies[0], probe.read_rows), _read(replies[2], probe.read_files)
    number = session.note(("ListUnits", "ListUnitFilesByPatterns"), probe.LISTING_AGAIN)
    rows = _match_rows(named, replies[1])
    absent_ones = {name: rows[name] for name in named if name in gone and rows[name].absent}
    seen = _match_replies(session, expected, rows, replies[3:]) | _mark_unasked(session, absent_ones)
    late = [name for name in named if name not in seen]
    listed = LISTING in open_
    if listed:
        _close(
            session,
            open_,
            [answer_observed(LISTING, probe.make_listing(loaded, files), again=probe.LISTING_AGAIN)],
            number,
        )
    answered = _answer(session, open_, _First(seen, {name: rows[name] for name in late}, files), [])
    if listed:
        # Only now: however many there are, and however long they take, the declared units have been answered.
        extra = _list_undeclared(loaded, files, session.inquiry.unit_patterns, {*names, *answered})
        open_ |= {Need(Unit.FACT, name) for name in extra}
        _answer(session, open_, _First({}, {}, files), extra)


def _look_at_named(session: _Session, open_: set[Need], names: Sequence[str]) -> None:
    """One brief exchange for these units alone: looking at unit files costs systemd more than everything else here."""
    replies = session.call([probe.ask_by_names(names), *_list_gets(session, names)] if names else [])
    if not replies:
        return
    seen = _match_replies(session, names, _match_rows(names, replies[0]), replies[1:])
    for name, each in sorted(seen.items()):
        _close(session, open_, [_answer_unit(session.inquiry, name, each, "", None)], each.ask)


def _list_gets(session: _Session, names: Iterable[str]) -> list[probe.Question]:
    return [
        question
        for name in names
        for question in probe.ask_properties(name, session.list_properties(name), brief=session.inquiry.named_only)
    ]


def _match_rows(names: Sequence[str], reply: BusReply) -> dict[str, probe.Row]:
    """The reply to `by_names`, by unit."""
    rows = _read(reply, probe.read_rows)
    if len(rows) != len(names):
        raise _Failed(f"systemd answered for {len(rows)} of {len(names)} units")
    return dict(zip(names, rows, strict=True))


def _match_replies(
    session: _Session, names: Sequence[str], rows: Mapping[str, probe.Row], replies: Iterable[BusReply]
) -> dict[str, _Seen]:
    """The replies to `_gets`, by unit."""
    rest = iter(replies)
    found = {}
    for name in names:
        asked = probe.describe_asked(name, session.list_properties(name), brief=session.inquiry.named_only)
        number = session.note(("Get", name, *asked), probe.make_again(name))
        found[name] = _Seen(rows[name], tuple(islice(rest, len(asked))), number)
    return found


def _mark_unasked(session: _Session, rows: Mapping[str, probe.Row]) -> dict[str, _Seen]:
    """Units that do not exist: nothing more is asked of them."""
    numbers = ((name, session.note(("ListUnitsByNames", name), probe.make_again(name))) for name in rows)
    return {name: _Seen(rows[name], (), number) for name, number in numbers}


def _read(reply: BusReply, read: Callable[[BusReply], T]) -> T:
    if reply.error:
        raise _Failed(f"{reply.error}: {reply.message}")
    try:
        return read(reply)
    except probe.Undecodable as error:
        raise _Failed(f"systemd's answer could not be read: {error}") from error


def _list_undeclared(
    loaded: Sequence[probe.Row], files: Mapping[str, str], patterns: Sequence[str], known: set[str]
) -> list[str]:
    """The fleet's units on the host that nothing asks for. Templates and mere references are in the listing only."""
    there = {row.id for row in loaded if not row.absent} | set(files)
    units = (name for name in there - known if not probe.explain_odd_name(name))
    mine = sorted(name for name in units if any(fnmatchcase(name, pattern) for pattern in patterns))
    if len(mine) > MOST_UNDECLARED:
        raise _Failed(f"the host has {len(mine)} units of the fleet that nothing declares: more than {MOST_UNDECLARED}")
    return mine


def _answer(session: _Session, open_: set[Need], first: _First, extra: Sequence[str]) -> set[str]:
    """Note all units, after a second exchange for undeclared and late ones, and for file states not in the list.

    Returns the names of the units noted.
    """
    files, known = first.files, first.rows
    extra = (*extra, *_list_starting_sockets(session, first, {*known, *extra}))
    unlisted = [name for name, row in known.items() if not row.absent and not _find_listed_state(name, row, files)]
    states_of = (*(known[name].id for name in unlisted), *extra)
    more = (*first.late, *extra)
    questions = [*_list_gets(session, more), *(probe.ask_file_state(name) for name in states_of)]
    replies = session.call([probe.ask_by_names(extra), *questions] if questions else [])
    states, everything = {}, first.seen
    if replies:
        at = len(replies) - len(states_of)
        states = dict(zip((*unlisted, *extra), replies[at:], strict=True))
        rows = {**first.late, **_match_rows(extra, replies[0])}
        everything = first.seen | _match_replies(session, more, rows, replies[1:at])
    for name, each in sorted(everything.items()):
        answer = _answer_unit(session.inquiry, name, each, _find_listed_state(name, each.row, files), states.get(name))
        _close(session, open_, [answer], each.ask)
    return set(everything)


def _list_starting_sockets(session: _Session, first: _First, known: set[str]) -> list[str]:
    """Sockets that start a unit of someone else, unless something else asks for them already."""
    found: set[str] = set()
    for name, seen in first.seen.items():
        if TRIGGERED_BY in session.list_properties(name) and not seen.row.absent:
            found.update(probe.list_triggering_sockets(name, seen.replies, session.list_properties(name)))
    return sorted(found - known)[:MOST_UNDECLARED]


def _find_listed_state(name: str, row: probe.Row, files: Mapping[str, str]) -> str:
    """The state of the unit's file as listed. An alias has that of the unit it leads to; otherwise empty."""
    own = files.get(name, "")
    return own if own != "alias" else files.get(row.id, "")


def _answer_unit(inquiry: Inquiry, name: str, seen: _Seen, listed: str, state: BusReply | None) -> Answer:
    need, again, row = Need(Unit.FACT, name), probe.make_again(name), seen.row
    if row.absent:
        return answer_absent(need, "systemd finds no such unit", again=again, line=f"LoadState={row.load}")
    replies = (*seen.replies, state) if state and not listed else seen.replies
    tolerated = (*probe.GONE, probe.UNKNOWN_PROPERTY)
    failed = next((reply for reply in replies if reply.error and reply.error not in tolerated), None)
    if failed is not None:
        ended = answer_unparseable if failed.error == UNREADABLE else answer_refused
        return ended(need, f"{failed.error}: {failed.message}", again=again)
    try:
        shown, argvs, brief = list_shown(inquiry, name), inquiry.argvs.get(name, ()), inquiry.named_only
        values = probe.read_values(name, seen.replies, shown, brief=brief)
        file_state = probe.read_remembered_state(values) if brief else listed or _read_file_state(state)
        value = probe.decode(name, row, file_state, values, argvs=argvs, more=shown, brief=brief)
    except probe.Undecodable as error:
        return answer_unparseable(need, str(error), again=again)
    return answer_observed(need, value, again=again, line=f"ActiveState={row.active}")


def _read_file_state(reply: BusReply | None) -> str:
    """GetUnitFileState's answer; empty if there is no file: a transient unit, or a deleted one."""
    return "" if reply is None or reply.error else probe.read_word(reply)


def _close(session: _Session, open_: set[Need], answers: Sequence[Answer], number: int) -> None:
    session.ledger.add(answers, [number])
    open_.difference_update(answer.need for answer in answers)
