"""This machine as a host: the same questions without a connection."""

import contextlib
import os
import selectors
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from qtctl.adapters import bridge, elevate, http_get, local_bus, sftp, store
from qtctl.adapters.bounds import MIB, OUTPUT, Deadline
from qtctl.adapters.dbus import StreamBus
from qtctl.adapters.local_bus import LocalBus
from qtctl.adapters.person import get_user_name
from qtctl.adapters.streams import WireStream, start_here
from qtctl.errors import HostError, Refused
from qtctl.interfaces.closing import Closing
from qtctl.interfaces.host import Completed
from qtctl.model.desired_store import StoreTls
from qtctl.model.inquiry import HealthQuestion
from qtctl.model.secret import Secret
from qtctl.model.tree import TreeFile
from qtctl.remote.request import Request

_HOST = "local"
_CHUNK = 65536


class LocalHost(Closing):
    """qtctl.interfaces.host.Host on this machine."""

    transport = "local"

    def __init__(self) -> None:
        """InputError if QTCTL_BUS names a library that is unknown or missing."""
        self._open: list[Callable[[], None]] = []
        self._bus = local_bus.choose_library()
        self._privileges = elevate.Privileges(_HOST, self.start, is_root=os.geteuid() == 0)

    @property
    def address(self) -> str:
        return _HOST

    @property
    def user(self) -> str:
        return get_user_name(os.geteuid())

    def start(self, script: str | Request, *, root: bool = False, attached: bool = False) -> "Process":
        """Run a POSIX sh script, given on standard input (as root: directly, or through `sudo -n`), or a request.

        `attached`: its input stays open until it is finished with, and its end there is the script's own.
        """
        started = self._privileges.prepare(script, root=root, attached=attached)
        process = Process(started.command, started.stdin, _explain_no_root if started.root else None, hold=attached)
        self._open.append(process.kill)
        return process

    def stream(self, script: str) -> WireStream:
        """qtctl.interfaces.stream.StreamingHost. Closing the stream ends what it started."""
        found = start_here(_HOST)
        self._open.append(found.close)
        found.begin(script.encode())
        return found

    def put(self, directory: str, files: Sequence[TreeFile]) -> None:
        """Write files (0600) below a new directory (0700); paths relative to it."""
        root = Path(directory)
        try:
            root.mkdir(0o700)
            for folder in sftp.list_folders(files):
                (root / folder).mkdir(0o700)
            for file in files:
                _write_new(root / file.path, file.content)
        except PermissionError as error:
            raise Refused(
                f"{error.filename}: {error.strerror}", host=_HOST, hint="this user may not write there"
            ) from error
        except OSError as error:
            raise HostError(
                f"{error.filename}: {error.strerror}", host=_HOST, hint="does it exist, or is the disk full?"
            ) from error

    def bus(self, *, root: bool = False, deadline_s: float = 10.0) -> LocalBus:
        """The system bus: its socket, or, as root where this user is not, `sudo -n systemd-stdio-bridge`."""
        bus = self._bus(_HOST, root and os.geteuid() != 0 and not self._privileges.has_helper(), deadline_s)
        self._open.append(bus.close)
        return bus

    def signal_bus(self) -> StreamBus:
        """Through our own library, whichever was chosen: pydbus has no way to wait for a while."""
        bus = bridge.open_local(_HOST)
        self._open.append(bus.close)
        return bus

    def store(
        self,
        address: str,
        port: int,
        password: Secret | None,
        user: str = "",
        db: int = 0,
        *,
        tls: StoreTls | None = None,
    ) -> store.RedisStore:
        """A Redis server that listens at `address`, a unix socket where that is a path, as seen from here."""
        place = f"Redis at {store.place_of(address, port)}"
        found = store.RedisStore(
            lambda timeout_s: _dial(address, port, place, timeout_s), place, password, user, db, tls=tls, host=_HOST
        )
        self._open.append(found.close)
        return found

    def get(self, questions: Sequence[HealthQuestion]) -> http_get.Gets:
        """GET requests to addresses of this machine."""
        return http_get.Gets(_dial_program, questions, lambda: "")

    def close(self) -> None:
        while self._open:
            self._open.pop()()


class Process:
    """qtctl.interfaces.host.Running here."""

    def __init__(
        self, command: str, script: bytes, refuse: Callable[[str], Refused] | None, *, hold: bool = False
    ) -> None:
        """`hold`: the command's input stays open until this process finishes with it, or ends in any way."""
        self._refuse = refuse
        self._started_at = time.time()
        self._started = time.monotonic()
        self._held: int | None = None
        stdin = self._open_pipe(script) if hold else _write_to_memory(script)
        try:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", f"exec {command}"],
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                cwd="/",
            )
        finally:
            os.close(stdin)

    def finish(self, deadline_s: float, *, keep: bool = False) -> Completed:
        """Wait for the end. Refused if sudo denies.

        HostError at the deadline (`keep`: what came by then), or if one of the streams has more than 16 MiB; then what
        was started is killed.
        """
        late = False
        kept = {pipe: bytearray() for pipe in (self._process.stdout, self._process.stderr) if pipe is not None}
        try:
            self._read(kept, Deadline(deadline_s))
        except TimeoutError as error:
            self.kill()
            late = keep
            if not keep:
                what = f"a command did not end in {deadline_s:.2g} s"
                raise HostError(what, host=_HOST, hint="look at the load of this machine") from error
        finally:
            self._release()
        stdout, stderr = map(bytes, kept.values())
        if self._refuse is not None:
            stderr = elevate.strip_mark(stderr, self._refuse)
        status = self._process.returncode
        took = time.monotonic() - self._started
        ended = None if late or status is None or status < 0 else status
        return Completed(ended, stdout, stderr, self._started_at, took, late)

    def _read(self, kept: Mapping[IO[bytes], bytearray], deadline: Deadline) -> None:
        """Read both streams to their ends, and wait for the process. TimeoutError at the deadline."""
        with selectors.DefaultSelector() as ready:
            for pipe, content in kept.items():
                ready.register(pipe, selectors.EVENT_READ, content)
            while ready.get_map():
                for key, _ in ready.select(deadline.left()):
                    self._keep(ready, key)
        try:
            self._process.wait(deadline.left())
        except subprocess.TimeoutExpired as error:
            raise TimeoutError from error
        for pipe in kept:
            pipe.close()

    def _keep(self, ready: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
        piece = os.read(key.fd, _CHUNK)
        key.data.extend(piece)
        if not piece:
            ready.unregister(key.fileobj)
        if len(key.data) > OUTPUT:
            self.kill()
            raise HostError(
                f"a command printed more than {OUTPUT // MIB} MiB",
                host=_HOST,
                hint="its output was dropped: something on this machine sends more than was asked for",
            )

    def kill(self) -> None:
        """Kill it and everything it started in its session; nothing if it has ended."""
        self._release()
        if self._process.poll() is not None:
            return
        # A process that sudo started is not ours to kill; closing its pipes lets it end.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1)

    def _open_pipe(self, script: bytes) -> int:
        """The read end of a pipe that a thread fills; the write end stays open, as closing it would mean the end."""
        reading, writing = os.pipe()
        self._held = os.dup(writing)
        threading.Thread(target=_fill, args=(writing, script), daemon=True).start()
        return reading

    def _release(self) -> None:
        if self._held is not None:
            os.close(self._held)
            self._held = None


def _write_to_memory(script: bytes) -> int:
    """An anonymous file in memory: nothing is written to disk, and no pipe fills up."""
    descriptor = os.memfd_create("qtctl")
    with os.fdopen(os.dup(descriptor), "wb") as memory:
        memory.write(script)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _fill(descriptor: int, script: bytes) -> None:
    # A shell that ended before it read its whole script has said why, and has a status.
    with contextlib.suppress(BrokenPipeError), os.fdopen(descriptor, "wb") as pipe:
        pipe.write(script)


def _write_new(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def _dial(address: str, port: int, place: str, timeout_s: float) -> socket.socket:
    try:
        if address.startswith("/"):
            return _dial_unix(address, timeout_s)
        return socket.create_connection((address, port), timeout=timeout_s)
    except PermissionError as error:
        hint = "let the account that audits connect: the group of the socket (unixsocketperm), and its folder"
        raise Refused(f"{place}: not reached: {error.strerror}", host=_HOST, hint=hint) from error
    except OSError as error:
        raise HostError(
            f"{place}: not reached: {error.strerror or error}", host=_HOST, hint="does Redis listen there?"
        ) from error


def _dial_unix(path: str, timeout_s: float) -> socket.socket:
    found = socket.socket(socket.AF_UNIX)
    try:
        found.settimeout(timeout_s)
        found.connect(path)
    except BaseException:
        found.close()
        raise
    return found


def _dial_program(address: str, port: int, timeout_s: float) -> socket.socket:
    try:
        return socket.create_connection((address, port), timeout=timeout_s)
    except TimeoutError:
        raise
    except OSError as error:
        raise HostError("it accepts no connection", host=_HOST) from error


def _explain_no_root(said: str) -> Refused:
    return elevate.make_refusal(_HOST, said)
