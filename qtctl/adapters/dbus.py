"""The system bus over a byte stream, with jeepney's sans-IO parser: many calls in flight, replies by serial."""

import time
from collections.abc import Sequence
from typing import Protocol

from jeepney import HeaderFields, Message, MessageType
from jeepney.low_level import Parser

from qtctl.adapters import dbus_quick, jobs
from qtctl.adapters.dbus_values import encode, unwrapped
from qtctl.adapters.wire import Wire
from qtctl.errors import HostError
from qtctl.ports.host import BusCall, BusReply, JobResult

IN_FLIGHT = 120
"""dbus-daemon allows 128 unanswered calls a connection, and refuses the rest."""

AT_ONCE = 32
"""Calls go out this many in a packet: one by one, each would cost a packet of its own on every leg of the way."""

_DAEMON = "org.freedesktop.DBus"
_JOB_REMOVED = (
    f"type='signal',sender='{jobs.SUBSCRIBE.destination}',path='{jobs.MANAGER_PATH}',interface='{jobs.MANAGER}',"
    "member='JobRemoved'"
)


class Gone(Protocol):
    def __call__(self, what: str) -> HostError:
        """The error for a bus that is not there any more, or never was; adds what the bridge said."""
        ...


class StreamBus:
    """qtctl.ports.host.Bus over a connected stream. Used by one thread at a time."""

    def __init__(self, wire: Wire, auth: bytes, gone: Gone, deadline_s: float) -> None:
        """`auth` is the AUTH line to offer. Says Hello; the error of `gone` where that fails before the deadline."""
        self._wire = wire
        self._gone = gone
        self._parser = Parser()
        self._buffer = bytearray()
        self._serial = 0
        self._ended: dict[str, tuple[str, str]] = {}
        self._watching = False
        self._log_in(auth, deadline_s)
        (hello,) = self.call(
            [BusCall(f"/{_DAEMON.replace('.', '/')}", _DAEMON, "Hello", destination=_DAEMON)], deadline_s
        )
        if hello.error:
            raise gone(f"Hello: {hello.error}: {hello.message}")

    def call(self, calls: Sequence[BusCall], deadline_s: float) -> list[BusReply]:
        """Replies in the order of `calls`; at most 120 are in flight at once. HostError where the bus is gone."""
        until = time.monotonic() + deadline_s
        replies: list[BusReply | None] = [None] * len(calls)
        waiting: dict[int, int] = {}
        sent = 0
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
                self._send(b"".join(packets), until)
            for serial, reply in self._answers(until):
                if (answered := waiting.pop(serial, None)) is not None:
                    replies[answered] = reply
        return [reply for reply in replies if reply is not None]

    def jobs(self, calls: Sequence[BusCall], deadline_s: float) -> list[JobResult]:
        """Queue all jobs, subscribed before the first; wait for each JobRemoved. Results as in adapters.jobs."""
        until = time.monotonic() + deadline_s
        self._watch(deadline_s)
        replies = self.call(calls, max(until - time.monotonic(), 0))
        wanted = jobs.queued(replies)
        while not wanted <= self._ended.keys() and time.monotonic() < until:
            for _ in self._answers(until, patient=True):
                pass
        results = jobs.results(calls, replies, self._ended, deadline_s)
        self._ended.clear()
        return results

    def close(self) -> None:
        self._wire.close()

    def _watch(self, deadline_s: float) -> None:
        if self._watching:
            return
        match = BusCall("/org/freedesktop/DBus", _DAEMON, "AddMatch", "s", (_JOB_REMOVED,), destination=_DAEMON)
        for reply in self.call([match, jobs.SUBSCRIBE], deadline_s):
            if reply.error and not reply.error.endswith(".AlreadySubscribed"):
                raise self._gone(f"no job signals: {reply.error}: {reply.message}")
        self._watching = True

    def _log_in(self, auth: bytes, deadline_s: float) -> None:
        until = time.monotonic() + deadline_s
        self._send(b"\0" + auth + b"\r\n", until)
        answer = b""
        while b"\n" not in answer:
            try:
                answer += self._receive(until)
            except TimeoutError as error:
                raise self._gone("no answer in time: is it hanging?") from error
        if not answer.startswith(b"OK "):
            raise self._gone(f"login refused: {answer.decode('utf-8', 'replace').strip()}")
        self._send(b"BEGIN\r\n", until)

    def _answers(self, until: float, *, patient: bool = False) -> list[tuple[int, BusReply]]:
        """The replies in what arrives next; JobRemoved signals are kept. `patient`: none by `until` is no error."""
        try:
            self._buffer += self._receive(until)
            return [answer for message in self._messages() if (answer := self._quickly(message)) is not None]
        except TimeoutError as error:
            if patient:
                return []
            raise self._gone("no answer in time: is it hanging?") from error
        except ValueError as error:
            raise self._gone(f"not understood: {error}") from error

    def _messages(self) -> list[bytes]:
        """The whole messages in the buffer, taken from it."""
        at, messages = 0, []
        while (size := dbus_quick.length(self._buffer, at)) and at + size <= len(self._buffer):
            messages.append(bytes(self._buffer[at : at + size]))
            at += size
        del self._buffer[:at]
        return messages

    def _quickly(self, message: bytes) -> tuple[int, BusReply] | None:
        if (answer := dbus_quick.decode(message)) is not None:
            return answer
        try:
            (whole,) = self._parser.feed(message)
            return self._take(whole)
        except Exception as error:  # what jeepney raises for bytes that are no message is as various as they are
            raise ValueError(f"{type(error).__name__} {error}".strip()) from error

    def _take(self, message: Message) -> tuple[int, BusReply] | None:
        fields = message.header.fields
        kind = message.header.message_type
        if kind is MessageType.signal and fields.get(HeaderFields.member) == "JobRemoved":
            _, job, unit, result = message.body
            self._ended[job] = (unit, result)
        if kind is MessageType.method_return:
            return fields[HeaderFields.reply_serial], BusReply(unwrapped(message))
        if kind is MessageType.error:
            text = str(message.body[0]) if message.body else ""
            return fields[HeaderFields.reply_serial], BusReply((), fields[HeaderFields.error_name], text)
        return None

    def _send(self, data: bytes, until: float) -> None:
        if not data:
            return
        try:
            self._wire.settimeout(max(until - time.monotonic(), 0.001))
            self._wire.sendall(data)
        except TimeoutError as error:
            raise self._gone(str(error)) from error
        except (OSError, EOFError) as error:
            # Whether a closed connection shows first in sending or in receiving is chance, and each has other words.
            raise self._gone("it closed the connection") from error

    def _receive(self, until: float) -> bytes:
        try:
            self._wire.settimeout(max(until - time.monotonic(), 0.001))
            data = self._wire.recv(262144)
        except TimeoutError:
            raise
        except (OSError, EOFError) as error:
            raise self._gone("it closed the connection") from error
        if not data:
            raise self._gone("it closed the connection")
        return data
