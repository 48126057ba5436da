"""Servers on loopback that a fleet may meet: each accepts connections, and then does what its name says."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Serve = Callable[[socket.socket], None]


def stay_silent(connection: socket.socket) -> None:
    with suppress(OSError):
        while connection.recv(1024):
            pass


def drop(connection: socket.socket) -> None:
    connection.close()


def send_without_end(connection: socket.socket) -> None:
    with suppress(OSError):
        while True:
            connection.sendall(b"a line that is no version\r\n" * 400)


def begin_and_stop(connection: socket.socket) -> None:
    """It says that it is an SSH server, and nothing more."""
    with suppress(OSError):
        connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")
    stay_silent(connection)


class Server:
    """`accepted`: how many connections there were. `open`: how many of them the other side has not closed."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listener.getsockname()[1]
        self.accepted = self.open = 0
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with self._lock:
                    self.accepted += 1
                    self.open += 1
                threading.Thread(target=self._run, args=(connection,), daemon=True).start()

    def _run(self, connection: socket.socket) -> None:
        with connection:
            self._serve(connection)
        with self._lock:
            self.open -= 1


@contextmanager
def serve(kind: Serve) -> Iterator[Server]:
    server = Server(kind)
    try:
        yield server
    finally:
        server.close()
