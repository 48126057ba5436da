"""This machine's system bus through pydbus and its GDBus connection, for those who prefer it to jeepney.

It does not use `pydbus.SystemBus()`: a process has only one such connection, GLib ends the process if the bus goes
away, and it waits for a hanging bus forever. Otherwise this connection works like that one.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import ceil
from typing import Any

import pydbus  # noqa: F401 - gives each connection of GDBus its `pydbus`
from gi.repository import Gio, GLib

from qtctl.adapters import bridge, jobs
from qtctl.adapters.bounds import BUS_JOBS, BUS_MESSAGE
from qtctl.adapters.dbus import IN_FLIGHT, Gone
from qtctl.adapters.dbus_gvariant import pack, unpack
from qtctl.interfaces.host import UNREADABLE, BusCall, BusReply, Ended, JobResult, QueueJobs, ignore_count

CLOSE_WITHIN_S = 0.5
_CLIENT = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
_HANGS = "no answer in time: is it hanging?"
_CLOSED = "it closed the connection"


def open_local(host: str, path: str = bridge.SOCKET) -> "PydbusBus":
    """The system bus of this machine."""
    gone, loop, cancel = bridge.explain_no_bus(host, path), _Loop(), Gio.Cancellable()
    results: list[Any] = []
    with loop.own():
        address = f"unix:path={Gio.dbus_address_escape_value(path)}"
        Gio.DBusConnection.new_for_address(address, _CLIENT, None, cancel, lambda _, result: results.append(result))
    if not loop.until(lambda: bool(results), time.monotonic() + bridge.HELLO_DEADLINE_S):
        cancel.cancel()
        raise gone(_HANGS)
    try:
        return PydbusBus(Gio.DBusConnection.new_for_address_finish(results[0]), loop, gone)
    except GLib.Error as error:
        raise gone(error.message) from error


class PydbusBus:
    """qtctl.interfaces.host.Bus over a connection of GDBus. Used by one thread at a time."""

    def __init__(self, connection: Any, loop: "_Loop", gone: Gone) -> None:  # noqa: ANN401 - gi has no types
        self._connection = connection
        self._loop = loop
        self._gone = gone
        self._ended: dict[str, tuple[str, str]] = {}
        self._watching = False

    def call(self, calls: Sequence[BusCall], deadline_s: float) -> list[BusReply]:
        """Replies in the order of `calls`; at most 120 are in flight at once. HostError if the bus is gone."""
        until = time.monotonic() + deadline_s
        messages = [_make_message(call) for call in calls]
        results: dict[int, Any] = {}
        cancel = Gio.Cancellable()
        sent = 0
        while (answered := len(results)) < len(messages):
            room = IN_FLIGHT - (sent - answered)
            for message in messages[sent : sent + room]:
                self._send(message, cancel, results, sent)
                sent += 1
            if not self._loop.until(lambda answered=answered: len(results) > answered, until):  # type: ignore[misc]
                cancel.cancel()
                raise self._gone(_HANGS)
        return [self._read_reply(results[index]) for index in range(len(messages))]

    def jobs(self, calls: Sequence[BusCall], deadline_s: float, ended: Ended = ignore_count) -> list[JobResult]:
        """Queue all jobs, subscribed before the first; wait for each JobRemoved. Results as in adapters.jobs."""
        until = time.monotonic() + deadline_s
        self._watch(deadline_s)
        replies = self.call(calls, max(until - time.monotonic(), 0))
        wanted = jobs.list_queued(replies)

        def all_ended() -> bool:
            ended(len(wanted & self._ended.keys()))
            return wanted <= self._ended.keys() or self._connection.is_closed()

        self._loop.until(all_ended, until)
        if not wanted <= self._ended.keys() and self._connection.is_closed():
            raise self._gone(_CLOSED)
        results = jobs.make_results(calls, replies, self._ended, deadline_s)
        self._ended.clear()
        return results

    def follow_jobs(self, queue: QueueJobs, deadline_s: float) -> dict[str, tuple[str, str]]:
        """Wait for jobs that `queue` has queued in another way: their units and results, by object path."""
        until = time.monotonic() + deadline_s
        self._watch(deadline_s)
        wanted = set(queue())
        self._loop.until(lambda: wanted <= self._ended.keys() or self._connection.is_closed(), until)
        if not wanted <= self._ended.keys() and self._connection.is_closed():
            raise self._gone(_CLOSED)
        found = {job: self._ended[job] for job in wanted if job in self._ended}
        self._ended.clear()
        return found

    def close(self) -> None:
        closed: list[object] = []
        with self._loop.own():
            self._connection.close(None, lambda _, result: closed.append(result))
        # What was sent to a hanging bus keeps the connection open; we do not wait for it.
        self._loop.until(lambda: bool(closed), time.monotonic() + CLOSE_WITHIN_S)

    def _send(self, message: Any, cancel: Any, results: dict[int, Any], index: int) -> None:  # noqa: ANN401
        def keep(_: object, result: Any) -> None:  # noqa: ANN401
            results[index] = result

        with self._loop.own():
            flags, no_limit = Gio.DBusSendMessageFlags.NONE, GLib.MAXINT
            self._connection.send_message_with_reply(message, flags, no_limit, cancel, keep)

    def _read_reply(self, result: Any) -> BusReply:  # noqa: ANN401
        try:
            message = self._connection.send_message_with_reply_finish(result)
        except GLib.Error as error:
            raise self._gone(_CLOSED if self._connection.is_closed() else error.message) from error
        packed_body = message.get_body()
        if packed_body is not None and packed_body.get_size() > BUS_MESSAGE:
            return BusReply((), UNREADABLE, f"its answer has more than the {BUS_MESSAGE} bytes that are read")
        body = () if packed_body is None else unpack(packed_body)
        if message.get_message_type() == Gio.DBusMessageType.ERROR:
            return BusReply((), message.get_error_name(), str(body[0]) if body else "")
        return BusReply(body)

    def _watch(self, deadline_s: float) -> None:
        if self._watching:
            return
        with self._loop.own():
            self._connection.pydbus.subscribe(
                sender=jobs.SUBSCRIBE.destination,
                iface=jobs.MANAGER,
                signal="JobRemoved",
                object=jobs.MANAGER_PATH,
                signal_fired=self._note_removed,
            )
        (reply,) = self.call([jobs.SUBSCRIBE], deadline_s)
        if reply.error and not reply.error.endswith(".AlreadySubscribed"):
            raise self._gone(f"no job signals: {reply.error}: {reply.message}")
        self._watching = True

    def _note_removed(self, *signal: Any) -> None:  # noqa: ANN401
        match signal[-1]:
            case [int(), str(job), str(unit), str(result)] if len(self._ended) < BUS_JOBS:
                self._ended[job] = (unit, result)


class _Loop:
    """The main loop of one connection: no other code runs it, and it runs no other's callbacks."""

    def __init__(self) -> None:
        self._context = GLib.MainContext.new()

    @contextmanager
    def own(self) -> Iterator[None]:
        """Callbacks of calls begun inside are run by this loop."""
        self._context.push_thread_default()
        try:
            yield
        finally:
            self._context.pop_thread_default()

    def until(self, done: Callable[[], bool], deadline: float) -> bool:
        """Run until done. False if not done by the deadline (time.monotonic)."""
        alarm = GLib.timeout_source_new(ceil(max(deadline - time.monotonic(), 0) * 1000))
        alarm.set_callback(lambda *_: True)
        alarm.attach(self._context)
        try:
            while not done() and time.monotonic() < deadline:
                self._context.iteration(True)
        finally:
            alarm.destroy()
        return done()


def _make_message(call: BusCall) -> Any:  # noqa: ANN401
    message = Gio.DBusMessage.new_method_call(call.destination, call.path, call.interface, call.member)
    if call.body:
        message.set_body(pack(f"({call.signature})", call.body))
    return message
