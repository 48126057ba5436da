"""paramiko's transport with the limits that it lacks against a hostile server: on sizes, windows and waits.

paramiko takes packets of up to 4 GiB, does not hold a server to its window, counts to any number a server sends, waits
forever for answers to requests and for room to write, and passes on whatever its parsers raise.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import paramiko
from paramiko.common import MSG_CHANNEL_DATA, MSG_CHANNEL_EXTENDED_DATA, cMSG_GLOBAL_REQUEST
from paramiko.packet import Packetizer

from qtctl.adapters.bounds import SSH_BANNER_LINE, SSH_PACKET, shorten_output

WRITE_WITHIN_S = 10.0
"""For one packet, and for everything that waits for a key exchange."""
MOST_EXTENSIONS = 64
_A_MOMENT_S = 0.02
_REFUSALS = {1: "Administratively prohibited", 2: "Connect failed", 3: "Unknown channel type", 4: "Resource shortage"}
"""RFC 4254, 5.1."""
_STREAM_LOCAL = "direct-streamlocal@openssh.com"
"""PROTOCOL of OpenSSH, 2.4."""
_PLAIN = (paramiko.SSHException, EOFError, OSError)


class BoundedPacketizer(Packetizer):
    """Refuses packets and banners that are too long; stops writing to a peer that does not read."""

    def __init__(self, sock: Any) -> None:  # noqa: ANN401 - a socket, or a channel that behaves like one
        super().__init__(sock)
        self._sock = sock
        self.heard = 0
        """How many packets have arrived."""

    def read_message(self) -> tuple[int, paramiko.Message]:
        found: tuple[int, paramiko.Message] = super().read_message()
        self.heard += 1
        return found

    def read_all(self, n: int, check_rekey: bool = False) -> bytes:
        if not 0 <= n <= SSH_PACKET:
            raise paramiko.SSHException(f"a packet of {n} bytes")
        found: bytes = super().read_all(n, check_rekey)
        return found

    def readline(self, timeout: float) -> str:
        """A line of the banner. paramiko would read until one ends, however long it is."""
        line = bytearray()
        until = time.monotonic() + timeout
        while (byte := self.read_all(1)) != b"\n":
            line += byte
            if len(line) > SSH_BANNER_LINE or time.monotonic() > until:
                raise paramiko.SSHException(": no SSH server answers there")
        return line.decode("utf-8", "replace").removesuffix("\r")

    def write_all(self, out: Any) -> None:  # noqa: ANN401 - bytes, as paramiko makes packets
        until = time.monotonic() + WRITE_WITHIN_S
        while out:
            out = out[self._write(out) :]
            if out and (self.closed or time.monotonic() > until):
                raise EOFError

    def close(self) -> None:
        super().close()
        # Ends the thread that waits for the handshake, which would keep the process from ending.
        self.complete_handshake()

    def _write(self, out: bytes) -> int:
        """How much was written, 0 if there is no room now. EOFError if the connection is gone."""
        try:
            sent = int(self._sock.send(out))
        except (TimeoutError, BlockingIOError):
            return 0
        except Exception as error:  # as in paramiko: a socket, a channel or a proxy, each with its own errors
            raise EOFError from error
        if sent == 0:
            raise EOFError
        return sent


class BoundedTransport(paramiko.Transport):
    """Every error of the connection is an SSHException, EOFError or OSError."""

    packetizer: BoundedPacketizer

    def __init__(self, sock: Any, packets: type[BoundedPacketizer] = BoundedPacketizer) -> None:  # noqa: ANN401
        super().__init__(sock, packetizer_class=packets)
        self.clear_to_send_timeout = WRITE_WITHIN_S
        self._opening = threading.local()
        self._not_opened: dict[int, paramiko.ChannelException] = {}
        window = self.default_window_size + SSH_PACKET

        def data(channel: paramiko.Channel, message: paramiko.Message) -> None:
            _hold(channel, window)
            channel._feed(message)  # type: ignore[attr-defined]  # noqa: SLF001

        def extended(channel: paramiko.Channel, message: paramiko.Message) -> None:
            _hold(channel, window)
            channel._feed_extended(message)  # type: ignore[attr-defined]  # noqa: SLF001

        self._channel_handler_table = {
            **paramiko.Transport._channel_handler_table,  # type: ignore[attr-defined]  # noqa: SLF001
            MSG_CHANNEL_DATA: data,
            MSG_CHANNEL_EXTENDED_DATA: extended,
        }

    def answers(self, within_s: float) -> bool:
        """Whether anything comes from the server after a request that every server answers at once."""
        before, until = self.packetizer.heard, time.monotonic() + within_s
        question = paramiko.Message()
        question.add_byte(cMSG_GLOBAL_REQUEST)
        question.add_string("keepalive@openssh.com")
        question.add_boolean(True)
        try:
            self._send_user_message(question)
        except _PLAIN:
            return False
        while self.packetizer.heard == before and self.is_active() and time.monotonic() < until:
            time.sleep(_A_MOMENT_S)
        return self.packetizer.heard != before

    def open_channel(self, *args: Any, **kwargs: Any) -> paramiko.Channel:  # noqa: ANN401 - as paramiko has it
        """ChannelException with the host's reason for this channel.

        If several are refused at the same time, paramiko gives one the reason of another, and the others none.
        """
        self._opening.number = None
        try:
            return super().open_channel(*args, **kwargs)
        except paramiko.SSHException as error:
            reason = self._not_opened.pop(self._opening.number, None)
            if reason is None:
                raise
            raise reason from error

    def open_unix_socket(self, path: str, timeout_s: float) -> paramiko.Channel:
        """A channel to a unix socket of the host, as `ssh -L PORT:PATH` opens it; paramiko knows no such kind."""
        self._opening.socket = path
        try:
            return self.open_channel(_STREAM_LOCAL, timeout=timeout_s)
        finally:
            self._opening.socket = ""

    def _send_user_message(self, data: paramiko.Message) -> None:
        """The rest of the message for this kind of channel: the path, and two fields without meaning."""
        if path := getattr(self._opening, "socket", ""):
            self._opening.socket = ""
            data.add_string(path)
            data.add_string("")
            data.add_int(0)
        super()._send_user_message(data)  # type: ignore[misc]

    def _next_channel(self) -> int:
        number: int = super()._next_channel()  # type: ignore[misc]
        self._opening.number = number
        return number

    def _parse_channel_open_failure(self, message: paramiko.Message) -> None:
        number, reason = message.get_int(), message.get_int()
        if number in self.channel_events:
            self._not_opened[number] = paramiko.ChannelException(reason, _REFUSALS.get(reason, "no reason given"))
        message.rewind()
        super()._parse_channel_open_failure(message)  # type: ignore[misc]

    def get_exception(self) -> Exception | None:
        error = super().get_exception()
        if error is None or isinstance(error, _PLAIN):
            return error
        return paramiko.SSHException(f"not understood: {shorten_output(f'{type(error).__name__} {error}')}")

    def _parse_ext_info(self, msg: paramiko.Message) -> None:
        count = msg.get_int()
        if count > MOST_EXTENSIONS:
            raise paramiko.SSHException(f"{count} extensions")
        msg.rewind()
        super()._parse_ext_info(msg)  # type: ignore[misc]


def _hold(channel: paramiko.Channel, window: int) -> None:
    buffered = len(channel.in_buffer) + len(channel.in_stderr_buffer)
    if buffered > window:
        raise paramiko.SSHException("the host sends more than it was allowed to")


def close_channel(channel: paramiko.Channel) -> None:
    """Close it; if the connection is lost, so are its channels."""
    try:
        channel.close()
    except _PLAIN:
        return


@contextmanager
def await_answer(channel: paramiko.Channel, within_s: float) -> Iterator[None]:
    """A request on a channel; paramiko would wait for its answer forever. TimeoutError if none comes."""
    late = threading.Event()

    def give_up() -> None:
        late.set()
        close_channel(channel)

    timer = threading.Timer(within_s, give_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    except _PLAIN as error:
        if late.is_set():
            raise TimeoutError(f"no answer in {within_s:g} s") from error
        raise
    finally:
        timer.cancel()
