"""A transaction on a host, from the caller's side: staged there, watched, and confirmed or rolled back.

The host applies and the caller watches: if the connection breaks, the host goes on by itself and is asked over a new
one. If nobody asks any more, it rolls back.
"""

import getpass
import os
import platform
import re
import secrets
from dataclasses import dataclass, field

from qtctl.apply.contact import Contact
from qtctl.apply.generation import (
    Generation,
    find_request,
    forget_request,
    make_stage_request,
    make_verb_request,
    repair_request,
)
from qtctl.dialects import terminal
from qtctl.errors import DeployRefused, HostError, Refused
from qtctl.interfaces.host import Host, Running
from qtctl.model.trail import clean
from qtctl.model.transaction import Mark, Progressed, TransactionEnd, TransactionState
from qtctl.plan.targets import REMEDY
from qtctl.probes.answer import find_last_line
from qtctl.remote.request import Request

UNCHANGED = "nothing was changed"
_SEE = "fix that on the host, then deploy again"
_STAGE_S = 60.0
_ANSWER_S = 15.0
_RECOVER_S = 240.0
_CONFIRM_S, _PAUSE_S = 45.0, 0.25
_BEING_CONFIRMED = (TransactionState.GATING, TransactionState.CONFIRMED)
_GONE_S = 30.0
"""How long a host that does not answer is asked again."""


_HEAD = re.compile(rb"qtctl state ([a-z]+) ([a-z-]+)")
_NUMBER, _TIME = re.compile("[0-9]{1,9}"), re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")
_JOURNAL_MOST = 8 << 20
"""Bytes of the journal of one transaction, which has a few lines per step."""


class Locked(DeployRefused):
    """Another deploy of this host, or something else of qtctl, is under way. `holder`: who began it, '' if unknown."""

    def __init__(self, what: str, *, host: str, holder: str) -> None:
        super().__init__(what, host=host, hint="wait until that is done")
        self.holder = holder


@dataclass(frozen=True, slots=True)
class Ticket:
    """Who deploys, and a unique word by which a host that lost its caller is asked again."""

    holder: str
    word: str

    @property
    def text(self) -> str:
        return f"{self.holder} {self.word}"


def make_ticket() -> Ticket:
    return Ticket(f"{_name_account()}@{platform.node()}", secrets.token_hex(8))


def _name_account() -> str:
    """Its number if it has no name, as in a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def stage(host: Host, generation: Generation, ticket: Ticket, *, limit_s: int) -> int:
    """Stage and arm it; returns the number of the generation. DeployRefused if nothing was changed.

    HostError if the connection was lost: then `find` tells.
    """
    done = host.start(make_stage_request(generation, limit_s=limit_s, holder=ticket.text), root=True).finish(_STAGE_S)
    said = _read_words(done.stdout)
    if "armed" in said:
        if not _NUMBER.fullmatch(said["armed"]):
            raise HostError("the number of its generation could not be read", host=host.address)
        return int(said["armed"])
    if "damaged" in said:
        raise DeployRefused(f"{UNCHANGED}: {said['damaged']}", hint=f"`qtctl recover --host {host.address}`")
    if "broken" in said:
        what = f"{UNCHANGED}: an earlier deploy, generation {said['broken']}, could not be rolled back"
        raise DeployRefused(what, hint=f"check its units, then `qtctl recover --host {host.address}`")
    if "busy" in said:
        holder = said["busy"].partition(" ")[0]
        raise Locked(f"{holder or 'someone'} is deploying to it now", host=host.address, holder=holder)
    if "locked" in said:
        what = "another process of qtctl holds its lock, such as one that puts a secret"
        raise Locked(what, host=host.address, holder="")
    if "refused" not in said and done.killed:
        raise HostError("the program that stages a deploy was killed", host=host.address)
    _, _, why = said.get("refused", "").partition(" ")
    why = why or find_last_line(done.stderr) or f"the script that stages ended with exit status {done.exit}"
    raise DeployRefused(f"{UNCHANGED}: {why}", hint=REMEDY if "unsafe" in said else _SEE)


def find(contact: Contact, ticket: Ticket) -> int | None:
    """The number of the transaction that was armed for this ticket, even if it has ended; None if there is none.

    Waits for a script that is still staging; a killed one has armed nothing. HostError if the host does not answer for
    half a minute, or if its record of the transaction is damaged.
    """
    said = _ask_until_free(contact, ticket)
    if _NUMBER.fullmatch(said.get("ended", "")):
        return int(said["ended"])
    if said.get("holder") != ticket.text:
        return None
    if "damage" in said:
        raise HostError(
            said["damage"], host=contact.host.address, hint=f"`qtctl recover --host {contact.host.address}`"
        )
    if not _NUMBER.fullmatch(said.get("number", "")) or said.get("state") == TransactionState.STAGED:
        return None
    return int(said["number"])


def _ask_until_free(contact: Contact, ticket: Ticket) -> dict[str, str]:
    """HostError if a script holds the lock for longer than staging may take."""
    until = contact.clock.monotonic() + _STAGE_S
    while "locked" in (said := _read_words(ask(contact, find_request(ticket.text)))):
        if contact.clock.monotonic() >= until:
            raise HostError("a deploy of it is still being staged", host=contact.host.address, hint="try again")
    return said


def recover(host: Host, *, accept: bool, by: str) -> Progressed | None:
    """End a transaction that could not be rolled back, or is stuck: try again, or keep the host as it is.

    None: there is none. `by`: who asks for it, for the audit trail. DeployRefused if it will end by itself. HostError
    if the host could not be asked.
    """
    asked = find_request() if accept else repair_request()
    said = _read_words(host.start(asked, root=True).finish(_ANSWER_S).stdout)
    if "locked" in said:
        raise DeployRefused("a deploy of it is being staged now", host=host.address, hint="wait until that is done")
    if "damage" in said:
        return _end_damaged(host, said["damage"], accept=accept, by=by)
    if not _NUMBER.fullmatch(said.get("number", "")):
        return None
    number, state = int(said["number"]), said.get("state")
    if accept and state != TransactionState.BROKEN:
        what = f"generation {number} is {state}, and can be rolled back"
        raise DeployRefused(what, host=host.address, hint="recover without --accept, or wait until it has ended")
    request = make_verb_request(number, "accept" if accept else "recover", clean(by))
    found = _read_report(host, host.start(request, root=True).finish(_RECOVER_S).stdout)[0]
    if found.state not in (TransactionState.NONE, TransactionState.BROKEN):
        what = f"generation {number} is {found.state.value}: it ends by itself"
        raise DeployRefused(what, host=host.address, hint="wait until that is done")
    return found


def _end_damaged(host: Host, damage: str, *, accept: bool, by: str) -> Progressed:
    """The generation is unknown, so nothing can be rolled back; a person may accept the host as it is."""
    if not accept:
        what = f"nothing can be rolled back: {damage}, and it is unknown which generation is unfinished"
        hint = "see whether the units and files of the fleet are as they should be, then recover with --accept"
        raise DeployRefused(what, host=host.address, hint=hint)
    said = _read_words(host.start(forget_request(clean(by)), root=True).finish(_ANSWER_S).stdout)
    if "damage" in said:
        raise DeployRefused(f"{said['damage']}, and could not be removed", host=host.address, hint=_SEE)
    return Progressed(TransactionState.NONE, TransactionEnd.ACCEPTED)


def ask(contact: Contact, request: Request) -> bytes:
    """The host's answer to a request that may be repeated. HostError after half a minute without an answer."""
    until = contact.clock.monotonic() + _GONE_S
    while True:
        try:
            return contact.host.start(request, root=True).finish(_ANSWER_S).stdout
        except Refused:
            raise
        except HostError as error:
            contact.renew(until, error)


def _read_words(stdout: bytes) -> dict[str, str]:
    """The lines `qtctl WORD …` of a script."""
    found = {}
    for line in stdout.decode("utf-8", "replace").split("\n"):
        if line.startswith("qtctl "):
            word, _, rest = line.removeprefix("qtctl ").partition(" ")
            found[word] = terminal.show_line(rest.strip())
    return found


@dataclass
class Transaction:
    """An armed transaction. `watch_s`: the longest time until it is confirmed."""

    contact: Contact
    number: int
    watch_s: float
    _journal: bytes = field(default=b"", init=False)
    _holding: tuple[Host, Running] | None = field(default=None, init=False)

    def poll(self) -> Progressed:
        """How far it has come."""
        self._hold()
        return self._read(self._ask("report", str(len(self._journal))), self._journal)

    def await_steps(self) -> Progressed:
        """The same, once every step has been tried, or after a second."""
        self._hold()
        return self._read(self._ask("await", str(len(self._journal))), self._journal)

    def confirm(self) -> Progressed:
        """Confirm that it stays, unless the host has already rolled back.

        Asked again while the host is busy with it: another process holds its lock, or a disk is slow.
        """
        clock = self.contact.clock
        until = clock.monotonic() + _CONFIRM_S
        while True:
            progressed = self._read(self._decide("confirm"))
            if progressed.state not in _BEING_CONFIRMED or clock.monotonic() >= until:
                return progressed
            clock.sleep(_PAUSE_S)

    def go_back(self, why: str) -> Progressed:
        """Make the host roll back, unless it has been confirmed."""
        return self._read(self._decide("go-back", why))

    def _decide(self, verb: str, *arguments: str) -> bytes:
        """The process that answers may be killed before it says anything.

        It is asked once more: nothing is decided twice.
        """
        return self._ask(verb, *arguments) or self._ask(verb, *arguments)

    def _ask(self, verb: str, *arguments: str) -> bytes:
        return ask(self.contact, make_verb_request(self.number, verb, *arguments))

    def _hold(self) -> None:
        """A process on the host renews the lease, and ends with our connection."""
        host = self.contact.host
        if self._holding is None or self._holding[0] is not host:
            request = make_verb_request(self.number, "hold", str(int(self.watch_s)))
            try:
                self._holding = host, host.start(request, root=True)
            except HostError:
                # The next question notices that the connection is gone.
                self._holding = None

    def _read(self, said: bytes, before: bytes = b"") -> Progressed:
        """`before`: the part of the journal that was already read."""
        progressed, self._journal = _read_report(self.contact.host, said, before)
        return progressed


def _read_report(host: Host, said: bytes, before: bytes = b"") -> tuple[Progressed, bytes]:
    """The answer of `report` in the host's script, and the journal as far as it is known."""
    head, _, journal = said.partition(b"\n")
    if len(before) + len(journal) > _JOURNAL_MOST:
        raise HostError(f"the journal of its deploy is longer than {_JOURNAL_MOST >> 20} MiB", host=host.address)
    found = _HEAD.fullmatch(head)
    if found is None:
        raise HostError("the state of its deploy could not be read", host=host.address)
    whole = before + journal
    return read_progress(found[1].decode(), found[2].decode(), whole, host.address), whole


def _parse_seconds(text: str) -> float:
    """A time in the host's journal; 0 if it is not a time."""
    return float(text) if _TIME.fullmatch(text) else 0.0


def read_progress(state: str, end: str, journal: bytes, host: str = "") -> Progressed:
    """The journal of a transaction, which may be cut off in its last line. HostError if it is not a journal."""
    marks: dict[int, Mark] = {}
    kept: dict[int, str] = {}
    began_at: dict[int, float] = {}
    texts: dict[str, list[str]] = {}
    for line in journal.decode("utf-8", "replace").split("\n")[:-1]:
        at, _, rest = line.partition("\t")
        word, *fields = rest.split("\t")
        match fields:
            case [number, mark, *detail] if word == "step" and _NUMBER.fullmatch(number):
                began = began_at.setdefault(int(number), _parse_seconds(at))
                took_s = None if mark == "begun" else round(max(_parse_seconds(at) - began, 0.0), 3)
                marks[int(number)] = Mark(mark, terminal.show_line(" ".join(detail)), took_s)
            case [number, path] if word == "kept" and _NUMBER.fullmatch(number):
                kept[int(number)] = terminal.show_line(path)
            case _:
                texts.setdefault(word, []).append(terminal.show_line(" ".join(fields)))
    try:
        return Progressed(
            TransactionState(state),
            TransactionEnd(end) if state == TransactionState.NONE else None,
            marks,
            kept,
            left=tuple(dict.fromkeys(texts.get("left", ()))),
            why=tuple(dict.fromkeys(texts.get("why", ()))),
            warnings=tuple(dict.fromkeys(texts.get("warning", ()))),
            worse=tuple(" ".join(texts.get("worse", ())[-1:]).split()),
            gone=tuple(" ".join(texts.get("gone", ())[-1:]).split()),
        )
    except ValueError as error:
        raise HostError("the state of its deploy could not be read", host=host, hint="try again") from error
