"""An SSH server that logs everybody in and then does its worst: the real protocol, by paramiko's other side."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import paramiko
from paramiko.common import AUTH_SUCCESSFUL, OPEN_FAILED_CONNECT_FAILED, OPEN_SUCCEEDED, cMSG_CHANNEL_DATA

from tests.adapters.servers import make_key

Answer = Callable[[paramiko.Channel, str], None]
"""What is done in a channel, and the command or place that it was opened for. The channel is closed afterwards."""


@dataclass(frozen=True)
class Hostile:
    """How a server behaves. `tcp`: before there is any SSH; True goes on with a handshake."""

    shell: Answer = lambda channel, _: exits(channel, 1)
    bus: Answer = lambda channel, _: exits(channel, 1)
    redis: Answer | None = None
    sftp: Answer = lambda _channel, _: None
    tcp: Callable[[socket.socket], bool] = lambda _: True
    confirms: bool = True
    """Whether it says that a command, or a subsystem, was begun."""


class _Server(paramiko.ServerInterface):
    def __init__(self, hostile: Hostile) -> None:
        self._hostile = hostile
        self.forwarded: set[int] = set()

    def get_allowed_auths(self, username: str) -> str:  # noqa: ARG002
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:  # noqa: ARG002
        return AUTH_SUCCESSFUL

    def check_channel_request(self, kind: str, chanid: int) -> int:  # noqa: ARG002
        return OPEN_SUCCEEDED

    def check_channel_direct_tcpip_request(
        self,
        chanid: int,
        origin: tuple[str, int],  # noqa: ARG002
        destination: tuple[str, int],  # noqa: ARG002
    ) -> int:
        if self._hostile.redis is None:
            return OPEN_FAILED_CONNECT_FAILED
        self.forwarded.add(chanid)
        return OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        answer = self._hostile.bus if b"systemd-stdio-bridge" in command else self._hostile.shell
        _begin(answer, channel, command.decode())
        return self._confirmed(channel)

    def check_channel_subsystem_request(self, channel: paramiko.Channel, name: str) -> bool:
        _begin(self._hostile.sftp, channel, name)
        return self._confirmed(channel)

    def _confirmed(self, channel: paramiko.Channel) -> bool:
        while not self._hostile.confirms and not channel.closed:
            time.sleep(0.02)
        return True


def _begin(answer: Answer, channel: paramiko.Channel, what: str) -> None:
    threading.Thread(target=_answer, args=(answer, channel, what), daemon=True).start()


def _answer(answer: Answer, channel: paramiko.Channel, what: str) -> None:
    with suppress(OSError, EOFError, paramiko.SSHException):
        time.sleep(0.03)  # until it has been confirmed
        answer(channel, what)
        channel.close()


def _serve(listening: socket.socket, key: paramiko.PKey, hostile: Hostile) -> None:
    while True:
        try:
            sock, _ = listening.accept()
        except OSError:
            return
        threading.Thread(target=_connection, args=(sock, key, hostile), daemon=True).start()


def _connection(sock: socket.socket, key: paramiko.PKey, hostile: Hostile) -> None:
    with suppress(OSError, EOFError, paramiko.SSHException):
        if not hostile.tcp(sock):
            return
        transport = paramiko.Transport(sock)
        transport.add_server_key(key)
        server = _Server(hostile)
        transport.start_server(server=server)
        while transport.is_active() and not transport.is_authenticated():
            threading.Event().wait(0.01)
        while transport.is_active():
            channel = transport.accept(0.2)
            # A session's answer begins with its request; a forwarded connection has none.
            if channel is not None and hostile.redis is not None and channel.get_id() in server.forwarded:
                _begin(hostile.redis, channel, "redis")


@contextmanager
def hostile_sshd(folder: Path, hostile: Hostile) -> Iterator[str]:
    """The options of an ssh_config that reaches it, and knows its host key."""
    folder.mkdir(parents=True, exist_ok=True)
    make_key(folder / "client")
    public = make_key(folder / "host")
    key = paramiko.Ed25519Key.from_private_key_file(str(folder / "host"))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(8)
        port = int(listening.getsockname()[1])
        (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {public}\n")
        threading.Thread(target=_serve, args=(listening, key, hostile), daemon=True).start()
        options = {
            "HostName": "127.0.0.1", "Port": str(port), "User": "root", "IdentityAgent": "none",
            "IdentityFile": str(folder / "client"), "IdentitiesOnly": "yes",
            "UserKnownHostsFile": str(folder / "known_hosts"), "GlobalKnownHostsFile": "/dev/null",
        }  # fmt: skip
        yield "Host there\n" + "".join(f"  {name} {value}\n" for name, value in options.items())
        listening.shutdown(socket.SHUT_RDWR)


def exits(channel: paramiko.Channel, status: int) -> None:
    channel.send_exit_status(status)


def hangs_up(channel: paramiko.Channel, command: str) -> None:  # noqa: ARG001
    channel.get_transport().close()


def floods(channel: paramiko.Channel, command: str) -> None:  # noqa: ARG001
    """Both streams, without end."""
    while True:
        channel.sendall(b"x" * 32768)
        channel.sendall_stderr(b"y" * 32768)


def beyond_the_window(channel: paramiko.Channel, command: str) -> None:  # noqa: ARG001
    """More than the other side allows: it is told, and need not care."""
    transport = channel.get_transport()
    # A closed transport drops what it is given and raises nothing: the loop would turn until the tests end.
    while transport.is_active():
        message = paramiko.Message()
        message.add_byte(cMSG_CHANNEL_DATA)
        message.add_int(channel.remote_chanid)
        message.add_string(b"z" * 32768)
        transport._send_user_message(message)  # type: ignore[attr-defined]


def answers(replies: Callable[[int], bytes]) -> Answer:
    """A bus that logs in, and gives `replies` of a call's serial for every call."""

    def bus(channel: paramiko.Channel, command: str) -> None:  # noqa: ARG001
        channel.sendall(b"qtctl: begins\n")
        talk(channel, replies)

    return bus


def talk(wire: "socket.socket | paramiko.Channel", replies: Callable[[int], bytes]) -> None:
    """The bus's side: login, and `replies` for each call that arrives, one after the other."""
    seen = b""
    while b"\r\n" not in seen:
        seen += wire.recv(4096)
    wire.sendall(b"OK 0123456789abcdef0123456789abcdef\r\n")
    seen = seen.partition(b"\r\n")[2]
    while b"BEGIN\r\n" not in seen:
        seen += wire.recv(4096)
    seen = seen.partition(b"BEGIN\r\n")[2]
    while True:
        while len(seen) >= 16 and len(seen) >= (size := _size(seen)):
            reply = replies(struct.unpack_from("<I", seen, 8)[0])
            for at in range(0, len(reply), 65536):
                wire.sendall(reply[at : at + 65536])
            seen = seen[size:]
        if not (data := wire.recv(65536)):
            return
        seen += data


def _size(message: bytes) -> int:
    body, _, fields = struct.unpack_from("<III", message, 4)
    return int(16 + fields + -fields % 8 + body)


def returned(serial: int, signature: str, body: bytes) -> bytes:
    """A method return, little-endian, whatever `signature` and `body` are."""
    fields = bytes((5, 1, ord("u"), 0)) + struct.pack("<I", serial)
    fields += bytes((8, 1, ord("g"), 0, len(signature))) + signature.encode() + b"\0"
    return (
        struct.pack("<BBBBIII", ord("l"), 2, 1, 1, len(body), 1, len(fields)) + fields + bytes(-len(fields) % 8) + body
    )


def signal(body: bytes = b"") -> bytes:
    """One that nobody asked for."""
    return struct.pack("<BBBBIII", ord("l"), 4, 1, 1, len(body), 1, 0) + body
