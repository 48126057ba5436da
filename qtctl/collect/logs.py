"""The journal of one host, read over an open connection: the offset of its clock first, then its lines."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from qtctl.errors import HostError, Refused
from qtctl.interfaces.clock import Clock
from qtctl.interfaces.stream import Stream, StreamingHost
from qtctl.meaning.log_order import Exchange, measure_offset
from qtctl.model.log_line import ClockOffset, HostLog, LogLine, LogRequest, LogState, Units
from qtctl.probes.journal_lines import MOST_BYTES, LineReader, Unpacker, is_reversed, make_script, say_range

EXCHANGES = 5
"""Questions for the time. The quickest answer counts."""
ANSWERS_S = 10.0
POLL_S = 0.25
_LONGEST_WORD = 256
_DIGITS = 25
_NO_MATCH = 1
"""The exit status of `journalctl --grep` if no line matches."""

NARROW = "ask for less: --since, --until, --priority, --grep or -n"


class OpenJournal:
    """A host's journal, asked for lines of units. `clock`: as it was measured. Close it in any case."""

    def __init__(
        self, host: StreamingHost, units: Units, request: LogRequest, clock: Clock, *, after: str = ""
    ) -> None:
        """`after`: the cursor of the last line that is known, if lines are to go on there.

        Refused if the account may not read the journal, HostError if there is none or the host does not answer.
        """
        self._host, self._time = host, clock
        self._unpacker: Unpacker | None = None
        self._ahead = b""
        self._stream: Stream = host.stream(make_script(units, request))
        try:
            self.clock = self._measure()
            self.reader = LineReader(host.address, units, self.clock, keeps_cursors=request.follow)
            self._stream.send(say_range(request, self.clock, after).encode(), ANSWERS_S)
            self._check(self._read_word())
        except BaseException:
            self.close()
            raise

    def read(self, wait_s: float) -> list[LogLine] | None:
        """The next lines, in the order of the journal; None at its end. Empty if none come in time.

        HostError if the connection is lost, journalctl fails or what comes is not what was asked for.
        """
        piece = self._ahead or self._stream.read(wait_s)
        self._ahead = b""
        if piece is None:
            return []
        if not piece:
            self._check_end()
            return None
        try:
            return list(self.reader.read(piece if self._unpacker is None else self._unpacker.unpack(piece)))
        except ValueError as error:
            raise HostError(f"its journal cannot be read: {error}", host=self._host.address, hint=NARROW) from error

    @property
    def is_cut(self) -> bool:
        """Whether there was more than is read."""
        return self.reader.bytes >= MOST_BYTES

    def close(self) -> None:
        self._stream.close()

    def _measure(self) -> ClockOffset:
        return measure_offset([self._exchange() for _ in range(EXCHANGES)])

    def _exchange(self) -> Exchange:
        sent = round(self._time.now() * 1_000_000)
        self._stream.send(b"clock\n", ANSWERS_S)
        told = self._read_word()
        came = round(self._time.now() * 1_000_000)
        if not (told.isascii() and told.isdecimal() and len(told) <= _DIGITS):
            raise HostError("`date` did not tell the time", host=self._host.address, hint="is it GNU date?")
        return sent, int(told) // 1000, came

    def _read_word(self) -> str:
        """The next line of the answer. What follows is kept."""
        until = self._time.monotonic() + ANSWERS_S
        while b"\n" not in self._ahead:
            piece = self._stream.read(max(0.0, until - self._time.monotonic()))
            if not piece or len(self._ahead) > _LONGEST_WORD:
                raise HostError("no answer about its journal", host=self._host.address, hint="is the host busy?")
            self._ahead += piece
        line, _, self._ahead = self._ahead.partition(b"\n")
        return line.decode("utf-8", "replace").strip()

    def _check(self, word: str) -> None:
        kind, _, group = word.partition(" ")
        if kind == "refused":
            raise _make_refusal(self._host, group if group not in ("", "root", "UNKNOWN") else "systemd-journal")
        if kind == "gzip":
            self._unpacker = Unpacker(MOST_BYTES + _LONGEST_WORD)
        elif kind == "none":
            raise HostError(
                "it keeps no journal", host=self._host.address, hint="is systemd-journald running there? see Storage="
            )
        elif kind != "plain":
            raise HostError("no answer about its journal", host=self._host.address, hint="is the host busy?")

    def _check_end(self) -> None:
        if self.is_cut or self.reader.exit == 0 or (self.reader.exit == _NO_MATCH and not self.reader.complaint):
            return
        why = self.reader.complaint or f"journalctl ended with exit status {self.reader.exit}"
        if self.reader.exit is None and not self.reader.complaint:
            why = "the lines ended too early"
        raise HostError(why, host=self._host.address, hint="`journalctl` on the host may say more")


def read_all(
    host: StreamingHost,
    units: Units,
    request: LogRequest,
    clock: Clock,
    *,
    deadline_s: float,
    room: Callable[[int], bool],
) -> HostLog:
    """All lines that are wanted, as one answer; whatever goes wrong is said in it. `room`: whether so many more fit."""
    try:
        journal = OpenJournal(host, units, request, clock)
    except HostError as error:
        return make_unknown(host.address, error)
    found = _read(host, journal, clock, deadline_s=deadline_s, room=room)
    return replace(found, lines=found.lines[::-1]) if is_reversed(request) else found


def _read(
    host: StreamingHost, journal: OpenJournal, clock: Clock, *, deadline_s: float, room: Callable[[int], bool]
) -> HostLog:
    lines: list[LogLine] = []
    try:
        for some in _read_until(journal, clock, deadline_s):
            lines += some
            if not room(len(some)):
                return _make_cut(host, journal, lines, "more lines than are kept")
    except HostError as error:
        state = LogState.CUT if lines else LogState.UNKNOWN
        return HostLog(
            host.address, state, tuple(lines), journal.clock, error.describe_beside(host.address), error.hint
        )
    finally:
        journal.close()
    if journal.is_cut:
        return _make_cut(host, journal, lines, f"more than {MOST_BYTES // (1024 * 1024)} MiB")
    return HostLog(host.address, LogState.COMPLETE, tuple(lines), journal.clock, left_out=journal.reader.left_out)


def _read_until(journal: OpenJournal, clock: Clock, deadline_s: float) -> Iterator[list[LogLine]]:
    until = clock.monotonic() + deadline_s
    while (some := journal.read(POLL_S)) is not None:
        yield some
        if clock.monotonic() > until:
            raise HostError(f"its lines did not end in {deadline_s:g} s", hint=f"{NARROW}; or a longer --deadline")


def _make_cut(host: StreamingHost, journal: OpenJournal, lines: list[LogLine], what: str) -> HostLog:
    why = f"{what}: newer lines were left out"
    return HostLog(
        host.address, LogState.CUT, tuple(lines), journal.clock, why, NARROW, left_out=journal.reader.left_out
    )


def make_unknown(target: str, error: HostError) -> HostLog:
    """The answer of a host that gave none. Its name is not said again."""
    return HostLog(target, LogState.UNKNOWN, why=error.describe_beside(target), hint=error.hint)


def _make_refusal(host: StreamingHost, group: str) -> Refused:
    user = host.user
    return Refused(
        f"{user} may not read the journal",
        host=host.address,
        hint=f"add it to the group {group}: `usermod -aG {group} {user}` as root; it counts from the next login",
    )
