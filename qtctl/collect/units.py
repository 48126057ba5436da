"""Units over D-Bus in two exchanges: what there is, then the allow-list of properties of each that matters."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TypeVar

from qtctl.collect.ledger import Ledger
from qtctl.collect.look import Look
from qtctl.errors import HostError
from qtctl.model.evidence import Need
from qtctl.model.facts import Reach, Unit, UnitListing
from qtctl.ports.host import BusCall, BusReply
from qtctl.probes import units as probe
from qtctl.probes.answer import Answer, absent, not_asked, observed, refused, unparseable

REACH = Need(Reach.FACT, "bus")
LISTING = Need(UnitListing.FACT, "*")
AGAIN = "busctl status org.freedesktop.systemd1"
T = TypeVar("T")


class _Failed(Exception):
    """systemd answered a question that all units hang on with an error, or with something else than a list."""


@dataclass(frozen=True, slots=True)
class _Overview:
    loaded: tuple[probe.Row, ...]
    files: Mapping[str, str]
    rows: Mapping[str, probe.Row]


class _Session:
    """Calls on the bus of a look, timed and noted."""

    def __init__(self, look: Look, *, root: bool) -> None:
        self.desired, self.ledger = look.desired, look.ledger
        self._bus, self._clock, self._deadline = look.host.bus(root=root), look.clock, look.deadline
        self.at = self.took_s = 0.0

    def note(self, argv: Sequence[str], again: str) -> int:
        """A question of the last call."""
        return self.ledger.ask("bus", argv, again, at=self.at, took_s=self.took_s)

    def call(self, questions: Sequence[probe.Question]) -> list[BusReply]:
        if not questions:
            return []
        self.at, begin = self._clock.now(), self._clock.monotonic()
        calls = [BusCall(each.path, each.interface, each.member, each.signature, each.body) for each in questions]
        replies = self._bus.call(calls, self._deadline.left())
        self.took_s = self._clock.monotonic() - begin
        return replies


def ask(look: Look, needs: Iterable[Need], *, root: bool) -> None:
    """Note the listing and every unit needed; with a listing, also the fleet's units that nothing declares.

    A bus that is gone refuses what it has not answered, and nothing else.
    """
    open_ = set(needs)
    try:
        _look(_Session(look, root=root), open_)
    except (HostError, _Failed) as error:
        look.ledger.refuse([*open_, REACH], str(error))
        return
    look.ledger.add([observed(REACH, Reach(look.host.user), again=AGAIN)])


def _look(session: _Session, open_: set[Need]) -> None:
    """Answer and take from `open_` need by need, so that what is left when the bus breaks is what was not answered."""
    names = sorted(need.subject for need in open_ if need.fact == Unit.FACT)
    named = [name for name in names if not probe.odd_name(name)]
    overview = _overview(session, named)
    ask_ = session.note(("ListUnits", "ListUnitFiles"), probe.LISTING_AGAIN)
    if LISTING in open_:
        value = probe.listing(overview.loaded, dict(overview.files))
        _close(open_, session.ledger, [observed(LISTING, value, again=probe.LISTING_AGAIN)], ask_)
        extra = _undeclared(overview, session.desired.unit_patterns, set(names))
        open_ |= {Need(Unit.FACT, name) for name in extra}
        overview = _with(session, overview, extra)
        named = sorted([*named, *extra])
    odd = [not_asked(Need(Unit.FACT, name), why) for name in names if (why := probe.odd_name(name))]
    _close(open_, session.ledger, odd, ask_)
    _units(session, overview, named, open_)


def _overview(session: _Session, names: Sequence[str]) -> _Overview:
    units, unit_files, by_name = session.call(probe.overview(names))
    files = _read(unit_files, probe.files)
    return _Overview(tuple(_read(units, probe.rows)), files, _by_name(by_name, names))


def _by_name(reply: BusReply, names: Sequence[str]) -> dict[str, probe.Row]:
    rows = _read(reply, probe.rows)
    if len(rows) != len(names):
        raise _Failed(f"systemd answered for {len(rows)} of {len(names)} units")
    return dict(zip(names, rows, strict=True))


def _read(reply: BusReply, read: Callable[[BusReply], T]) -> T:
    if reply.error:
        raise _Failed(f"{reply.error}: {reply.message}")
    try:
        return read(reply)
    except probe.Undecodable as error:
        raise _Failed(f"systemd's answer could not be read: {error}") from error


def _undeclared(overview: _Overview, patterns: Sequence[str], known: set[str]) -> list[str]:
    """The fleet's units on the host that nothing asks for. Templates and mere references are in the listing only."""
    there = {row.id for row in overview.loaded if not row.absent} | set(overview.files)
    mine = (name for name in there - known if any(fnmatchcase(name, pattern) for pattern in patterns))
    return sorted(name for name in mine if not probe.odd_name(name))


def _with(session: _Session, overview: _Overview, extra: Sequence[str]) -> _Overview:
    rows = {row.id: row for row in overview.loaded if row.id in extra}
    unloaded = [name for name in extra if name not in rows]
    replies = session.call(probe.overview(unloaded)[2:]) if unloaded else []
    for reply in replies:
        rows |= _by_name(reply, unloaded)
    return _Overview(overview.loaded, overview.files, {**overview.rows, **rows})


def _units(session: _Session, overview: _Overview, names: Sequence[str], open_: set[Need]) -> None:
    whole = {service.unit for service in session.desired.services}
    plans = [(name, overview.rows[name], _questions(name, overview)) for name in names]
    replies = iter(session.call([question for _, _, questions in plans for question in questions]))
    for name, row, questions in plans:
        mine = [next(replies) for _ in questions]
        argv = ("Get", name, *(str(question.body[-1]) for question in questions))
        number = session.note(argv, probe.again(name))
        _close(open_, session.ledger, [_unit(name, row, overview, mine, whole_argv=name in whole)], number)


def _questions(name: str, overview: _Overview) -> tuple[probe.Question, ...]:
    row = overview.rows[name]
    if row.absent:
        return ()
    state = () if _listed(name, row, overview) else (probe.file_state(name),)
    return (*probe.gets(name, row.path), *state)


def _listed(name: str, row: probe.Row, overview: _Overview) -> str:
    """The state of the unit's file as ListUnitFiles saw it. An alias has that of the unit it leads to; else empty."""
    own = overview.files.get(name, "")
    return own if own != "alias" else overview.files.get(row.id, "")


def _unit(name: str, row: probe.Row, overview: _Overview, replies: Sequence[BusReply], *, whole_argv: bool) -> Answer:
    need, again = Need(Unit.FACT, name), probe.again(name)
    if row.absent:
        return absent(need, "systemd finds no such unit", again=again, line=f"LoadState={row.load}")
    failed = next((reply for reply in replies if reply.error and reply.error not in probe.GONE), None)
    if failed is not None:
        return refused(need, f"{failed.error}: {failed.message}", again=again)
    try:
        value = _decode(name, row, _listed(name, row, overview), replies, whole_argv=whole_argv)
    except probe.Undecodable as error:
        return unparseable(need, str(error), again=again)
    return observed(need, value, again=again, line=f"ActiveState={row.active}")


def _decode(name: str, row: probe.Row, listed: str, replies: Sequence[BusReply], *, whole_argv: bool) -> Unit:
    """Without a listed state the last reply is GetUnitFileState's, whose `no such file` is a unit without a file."""
    state = listed
    if not listed:
        *replies, last = replies
        state = "" if last.error else probe.word(last)
    values = [probe.single(reply) for reply in replies]
    return probe.decode(name, row, state, values, whole_argv=whole_argv)


def _close(open_: set[Need], ledger: Ledger, answers: Sequence[Answer], ask_: int) -> None:
    ledger.add(answers, [ask_])
    open_.difference_update(answer.need for answer in answers)
