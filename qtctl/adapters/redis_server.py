"""A Redis server asked by redis-py, over TCP, TLS or a unix socket: its answers are bounded in bytes and time.

It is for servers that store data of our own. An audit reads Redis through `store_connection`.
"""

import socket
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from redis.backoff import NoBackoff
from redis.connection import Connection, SSLConnection, UnixDomainSocketConnection
from redis.exceptions import AuthenticationError, RedisError, ResponseError
from redis.retry import Retry

from qtctl.adapters.bounds import MIB, STORE_EXCHANGE, Deadline
from qtctl.adapters.byte_stream import receive, send_all
from qtctl.errors import HostError, InputError

SCHEMES = ("redis", "rediss", "unix")
_PORT = 6379
_BROKEN = (RedisError, OSError, EOFError, ValueError, RecursionError)
"""What redis-py raises if the connection ends or no Redis answers: it does not check lengths or depth of an answer."""


class Server(NamedTuple):
    """`path`: of its unix socket; '' for TCP."""

    address: str = "127.0.0.1"
    port: int = _PORT
    path: str = ""
    db: int = 0
    tls: bool = False

    @property
    def place(self) -> str:
        return self.path or f"{self.address}:{self.port}"


def parse_server(url: str) -> Server:
    """redis://HOST:PORT/DB, rediss:// for TLS, unix:///PATH?db=N. ValueError for anything else."""
    found = urlsplit(url)
    if found.scheme == "unix":
        return Server(path=found.path, db=int(found.query.removeprefix("db=") or 0))
    address, db = found.hostname or "127.0.0.1", int(found.path.strip("/") or 0)
    return Server(address, found.port or _PORT, db=db, tls=found.scheme == "rediss")


class _Bounded:
    """The socket that redis-py uses. The bytes of each answer are limited, and one deadline applies to everything."""

    def __init__(self, wire: socket.socket, deadline: Deadline) -> None:
        self._wire, self._deadline, self._read = wire, deadline, 0

    def sendall(self, data: bytes) -> None:
        """Send a command, and count the bytes of its answer from 0."""
        self._read = 0
        send_all(self._wire, data, self._deadline)

    def recv(self, size: int) -> bytes:
        data = receive(self._wire, size, self._deadline)
        self._read += len(data)
        if self._read > STORE_EXCHANGE:
            raise OSError(0, f"it answers with more than {STORE_EXCHANGE // MIB} MiB")
        return data

    def settimeout(self, timeout: float | None) -> None:
        """Ignored: the deadline applies."""

    def shutdown(self, how: int) -> None:
        self._wire.shutdown(how)

    def close(self) -> None:
        self._wire.close()


class _Within:
    """A mixin for connections of redis-py that limits their socket."""

    deadline: Deadline

    def _connect(self) -> Any:  # noqa: ANN401 - redis-py's own
        return _Bounded(super()._connect(), self.deadline)  # type: ignore[misc]


class _Tcp(_Within, Connection):
    pass


class _Tls(_Within, SSLConnection):
    pass


class _Unix(_Within, UnixDomainSocketConnection):
    pass


class RedisServer:
    """A connection that is open until `close`."""

    def __init__(self, server: Server, password: str, deadline: Deadline, hint: str) -> None:
        """HostError if it cannot be reached; InputError, with `hint`, if it refuses the password or a command."""
        self._place, self._hint = server.place, hint
        self._connection = _make_connection(server, password, deadline.seconds)
        self._connection.deadline = deadline
        try:
            self._connection.connect()  # type: ignore[no-untyped-call, unused-ignore]
        except (AuthenticationError, ResponseError):
            # Its error message may quote the password.
            raise InputError(f"{self._place}: the password is refused", hint=self._hint) from None
        except _BROKEN as error:
            self.close()
            raise HostError(f"{self._place}: {_explain(error)}", hint="does Redis run there?") from error

    def ask(self, *command: str) -> Any:  # noqa: ANN401 - whatever Redis answers
        """The reply. InputError for what Redis refuses, HostError if it does not answer."""
        try:
            self._connection.send_command(*command)  # type: ignore[no-untyped-call, unused-ignore]
            return self._connection.read_response()
        except (ResponseError, AuthenticationError) as error:
            raise InputError(f"{self._place}: {command[0]}: {error}", hint=self._hint) from error
        except _BROKEN as error:
            why = _explain(error)
            raise HostError(f"{self._place}: {why}", hint="does Redis listen there?") from error

    def close(self) -> None:
        self._connection.disconnect()  # type: ignore[no-untyped-call, unused-ignore]


def _make_connection(server: Server, password: str, timeout_s: float) -> _Tcp | _Tls | _Unix:
    """The connection sends no HELLO, and does not retry."""
    common: dict[str, Any] = {
        "db": server.db,
        "password": password or None,
        "decode_responses": True,
        "encoding_errors": "backslashreplace",
        "protocol": 2,
        "retry": Retry(NoBackoff(), 0),
        "socket_connect_timeout": timeout_s,
        "socket_timeout": timeout_s,
    }
    if server.path:
        return _Unix(path=server.path, **common)  # type: ignore[no-untyped-call, abstract, unused-ignore]
    if server.tls:
        return _Tls(host=server.address, port=server.port, ssl_check_hostname=True, **common)
    return _Tcp(host=server.address, port=server.port, **common)  # type: ignore[no-untyped-call, unused-ignore]


def _explain(error: BaseException) -> str:
    """Why, without redis-py's own message, which repeats the address."""
    cause = error if isinstance(error, OSError) else error.__context__
    if isinstance(cause, TimeoutError):
        return "no answer in time"
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return str(error) or type(error).__name__
