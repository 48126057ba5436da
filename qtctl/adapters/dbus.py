"""The system bus over a byte stream: many calls in flight, replies by serial, and bounded reads."""

from collections import deque
from collections.abc import Sequence
from typing import Protocol

from qtctl.adapters import dbus_quick, jobs
from qtctl.adapters.bounds import (
    BUS_EXCHANGE,
    BUS_JOBS,
    BUS_LOGIN,
    BUS_SIGNALS,
    BUS_VALUES,
    MIB,
    Deadline,
    shorten_output,
)
from qtctl.adapters.byte_stream import Wire, close_wire, receive, send_all
from qtctl.adapters.dbus_quick import ERROR, RETURN, SIGNAL, Arrived
from qtctl.adapters.dbus_values import encode
from qtctl.errors import HostError
from qtctl.interfaces.host import UNREADABLE, BusCall, BusReply, Ended, JobResult, QueueJobs, ignore_count
from qtctl.interfaces.stream import Signal

IN_FLIGHT = 120
"""dbus-daemon allows 128 unanswered calls per connection, and refuses the rest."""

AT_ONCE = 32
"""Calls are sent in batches of this size: one by one, each would cost its own packet on every leg of the way."""

_DAEMON = "org.freedesktop.DBus"
_JOB_REMOVED = (
    f"type='signal',sender='{jobs.SUBSCRIBE.destination}',path='{jobs.MANAGER_PATH}',interface='{jobs.MANAGER}',"
    "member='JobRemoved'"
)
_HANGS = "no answer in time: is it hanging?"
_CLOSED = "it closed the connection"
_AT_A_TIME = 262144


class Gone(Protocol):
    def __call__(self, what: str) -> HostError:
        """The error for a bus that is gone or never was there; adds what the bridge said."""
        ...


class StreamBus:
    """qtctl.interfaces.host.Bus over a connected stream. Used by one thread at a time.

    An exchange ends with HostError if the bus sends too much, or something that is not a message. If only the body of a
    reply cannot be read, the reply has the error UNREADABLE.
    """

    def __init__(self, wire: Wire, auth: bytes, gone: Gone, deadline_s: float) -> None:
        """`auth` is the AUTH line to offer.

        Says Hello; raises the error of `gone` if that fails before the deadline.
        """
        self._wire = wire
        self._gone = gone
        self._buffer = bytearray()
        self._serial = 0
        self._bytes = self._values = 0
        self._ended: dict[str, tuple[str, str]] = {}
        self._watching = False
        self._signals: deque[Signal] | None = None
        deadline = Deadline(deadline_s)
        self._log_in(auth, deadline)
        (hello,) = self._call(
            [BusCall(f"/{_DAEMON.replace('.', '/')}", _DAEMON, "Hello", destination=_DAEMON)], deadline
        )
        if hello.error:
            raise gone(f"Hello: {shorten_output(f'{hello.error}: {hello.message}')}")

    def call(self, calls: Sequence[BusCall], deadline_s: float) -> list[BusReply]:
        """Replies in the order of `calls`; at most 120 are in flight at once. HostError if the bus is gone."""
        return self._call(calls, Deadline(deadline_s))

    def jobs(self, calls: Sequence[BusCall], deadline_s: float, ended: Ended = ignore_count) -> list[JobResult]:
        """Queue all jobs, subscribed before the first; wait for each JobRemoved. Results as in adapters.jobs."""
        deadline = Deadline(deadline_s)
        self._watch(deadline)
        replies = self._call(calls, deadline)
        wanted = jobs.list_queued(replies)
        while not wanted <= self._ended.keys() and self._read_signals(deadline):
            ended(len(wanted & self._ended.keys()))
        results = jobs.make_results(calls, replies, self._ended, deadline_s)
        self._ended.clear()
        return results

    def follow_jobs(self, queue: QueueJobs, deadline_s: float) -> dict[str, tuple[str, str]]:
        """Wait for jobs that `queue` has queued in another way: their units and results, by object path."""
        deadline = Deadline(deadline_s)
        self._watch(deadline)
        wanted = set(queue())
        self._bytes = self._values = 0
        while not wanted <= self._ended.keys() and self._read_signals(deadline):
            pass
        found = {job: self._ended[job] for job in wanted if job in self._ended}
        self._ended.clear()
        return found

    def subscribe(self, matches: Sequence[str], deadline_s: float) -> None:
        """From now on, keep signals of systemd that match, for `wait_signals`. HostError if the bus refuses."""
        self._signals = deque(maxlen=BUS_SIGNALS)
        calls = [
            BusCall("/org/freedesktop/DBus", _DAEMON, "AddMatch", "s", (match,), destination=_DAEMON)
            for match in matches
        ]
        self._subscribe(calls, Deadline(deadline_s))

    def wait_signals(self, wait_s: float) -> list[Signal]:
        """The signals that have come since, or come within that time. HostError if the bus is gone."""
        self._bytes = self._values = 0
        if not self._signals:
            self._read_signals(Deadline(wait_s))
        found = list(self._signals or ())
        if self._signals is not None:
            self._signals.clear()
        return found

    def close(self) -> None:
        close_wire(self._wire)

    def _call(self, calls: Sequence[BusCall], deadline: Deadline) -> list[BusReply]:
        replies: list[BusReply | None] = [None] * len(calls)
        waiting: dict[int, int] = {}
        sent = self._bytes = self._values = 0
        while sent < len(calls) or waiting:
            room = IN_FLIGHT - len(waiting)
            if room >= AT_ONCE and sent < len(calls):
                packets = []
                for index in range(sent, min(len(calls), sent + room)):
                    self._serial += 1
                    waiting[self._serial] = index
                    call, serial = calls[index], self._serial
                    packets.append(dbus_quick.encode(call, serial) or encode(call, serial))
                sent += len(packets)
                self._send(b"".join(packets), deadline)
            for serial, reply in self._read_replies(deadline):
                if (answered := waiting.pop(serial, None)) is not None:
                    replies[answered] = reply
        return [reply for reply in replies if reply is not None]

    def _watch(self, deadline: Deadline) -> None:
        if self._watching:
            return
        match = BusCall("/org/freedesktop/DBus", _DAEMON, "AddMatch", "s", (_JOB_REMOVED,), destination=_DAEMON)
        self._subscribe([match], deadline)
        self._watching = True

    def _subscribe(self, calls: Sequence[BusCall], deadline: Deadline) -> None:
        for reply in self._call([*calls, jobs.SUBSCRIBE], deadline):
            if reply.error and not reply.error.endswith(".AlreadySubscribed"):
                raise self._gone(f"no signals: {shorten_output(f'{reply.error}: {reply.message}')}")

    def _log_in(self, auth: bytes, deadline: Deadline) -> None:
        self._send(b"\0" + auth + b"\r\n", deadline)
        answer = b""
        while b"\n" not in answer:
            try:
                answer += self._receive(deadline)
            except TimeoutError as error:
                raise self._gone(_HANGS) from error
            if len(answer) > BUS_LOGIN:
                raise self._gone(f"its login did not end within {BUS_LOGIN} bytes")
        if not answer.startswith(b"OK "):
            raise self._gone(f"login refused: {shorten_output(answer)}")
        self._send(b"BEGIN\r\n", deadline)

    def _read_replies(self, deadline: Deadline) -> list[tuple[int, BusReply]]:
        """The replies in what arrives next; JobRemoved signals are kept."""
        try:
            return self._read_arrived(deadline)
        except TimeoutError as error:
            raise self._gone(_HANGS) from error

    def _read_signals(self, deadline: Deadline) -> bool:
        """Keep the JobRemoved signals in what arrives next. False if nothing arrives by the deadline."""
        try:
            self._read_arrived(deadline)
        except TimeoutError:
            return False
        return True

    def _read_arrived(self, deadline: Deadline) -> list[tuple[int, BusReply]]:
        self._take(self._receive(deadline))
        try:
            decoded = (dbus_quick.decode(message, BUS_VALUES - self._values) for message in self._take_messages())
            return [reply for message in decoded if (reply := self._read_reply(message)) is not None]
        except ValueError as error:
            raise self._gone(f"not understood: {shorten_output(str(error))}") from error

    def _take(self, data: bytes) -> None:
        self._buffer += data
        self._bytes += len(data)
        if self._bytes > BUS_EXCHANGE:
            raise self._gone(f"it sends more than the {BUS_EXCHANGE // MIB} MiB that are read")

    def _take_messages(self) -> list[bytes]:
        """The whole messages in the buffer, taken from it."""
        at, messages = 0, []
        while (size := dbus_quick.read_length(self._buffer, at)) and at + size <= len(self._buffer):
            messages.append(bytes(self._buffer[at : at + size]))
            at += size
        del self._buffer[:at]
        return messages

    def _read_reply(self, message: Arrived) -> tuple[int, BusReply] | None:
        self._values += message.values
        if message.kind == RETURN and message.serial:
            if message.unread:
                return message.serial, BusReply(
                    (), UNREADABLE, f"its answer cannot be read: {shorten_output(message.unread)}"
                )
            return message.serial, BusReply(message.body)
        if message.kind == ERROR and message.serial:
            text = str(message.body[0]) if message.body else ""
            return message.serial, BusReply((), shorten_output(message.error) or UNREADABLE, shorten_output(text, 500))
        if message.kind == SIGNAL and message.member == "JobRemoved":
            self._note_job(message.body)
        elif message.kind == SIGNAL and self._signals is not None:
            self._signals.append(Signal(message.path, message.member, message.body))
        return None

    def _note_job(self, body: tuple[object, ...]) -> None:
        match body:
            case [int(), str(job), str(unit), str(result)] if len(self._ended) < BUS_JOBS:
                self._ended[job] = (unit, shorten_output(result))

    def _send(self, data: bytes, deadline: Deadline) -> None:
        try:
            send_all(self._wire, data, deadline)
        except TimeoutError as error:
            raise self._gone(_HANGS) from error
        except (OSError, EOFError) as error:
            # A closed connection may show first in sending or in receiving, each with its own words.
            raise self._gone(_CLOSED) from error

    def _receive(self, deadline: Deadline) -> bytes:
        try:
            data = receive(self._wire, _AT_A_TIME, deadline)
        except TimeoutError:
            raise
        except (OSError, EOFError) as error:
            raise self._gone(_CLOSED) from error
        if not data:
            raise self._gone(_CLOSED)
        return data
