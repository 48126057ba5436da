"""One connection to each jump host for all processes of a run: OpenSSH holds it, and opens a channel for each host.

`SharedJumps` is kept by the process that runs the workers. It starts `ssh -M -N JUMP` when the first worker needs that
jump host. Workers ask it for the path of the control socket (`reach`), and have the ssh behind it connect to their host
(PROTOCOL.mux of OpenSSH). Host keys of jump hosts must be known, whatever ssh_config says, and nothing is forwarded
but what workers ask for.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from qtctl.adapters import ssh_asked, ssh_errors
from qtctl.adapters.bounds import Deadline, shorten_output
from qtctl.adapters.ssh_config import Hop, Settings
from qtctl.errors import InputError, TemporarilyUnreachable, Unreachable

FORCED = (
    "BatchMode yes", "StrictHostKeyChecking yes", "ClearAllForwardings yes", "ForwardAgent no", "ForwardX11 no",
    "PermitLocalCommand no", "UpdateHostKeys no", "RequestTTY no", "RemoteCommand none", "ControlPersist no",
    "ServerAliveInterval 5", "ServerAliveCountMax 4", "ConnectTimeout 10",
)  # fmt: skip
"""What holds for every jump host: in ssh_config, the first value counts."""
USUAL = ("~/.ssh/config", "/etc/ssh/ssh_config")
_HELLO, _VERSION, _FORWARD = 1, 4, 0x10000008
_OPENED, _DENIED, _FAILED = 0x80000006, 0x80000002, 0x80000003
_MOST = 1 << 16
"""Bytes of a message."""
_POLL_S = 0.02
_PASSING = ("Connection refused", "Connection reset", "Connection closed", "timed out", "kex_exchange_identification")
"""In the words of ssh, why it may be worth another attempt: it has no other way to say so."""
_FAILED_FOR_S = 5.0
"""For so long, a jump host that was not reached is not tried again."""
_LOGIN_S = 30.0
_GUARD = ("sh", "-c", 'read -r _; kill -s KILL -- "-$1"; rm -rf -- "$2"', "sh")
"""Ends a process group when nobody holds the other end of its input any longer."""

_keeper: list[str] = []
"""The socket of the run's SharedJumps, in its workers."""


def use_keeper(path: str) -> None:
    """From now on, connections of this process, and of those that it forks, share jump hosts."""
    _keeper[:] = [path]


def is_shared() -> bool:
    return bool(_keeper)


class Held:
    """Keeps a channel through a jump host open until it is closed."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control

    def close(self) -> None:
        self._control.close()


def reach(settings: Settings, config: Path | None, timeout_s: float) -> tuple[socket.socket, Held]:
    """A connection to the host through its jump hosts. Unreachable if there is none."""
    deadline = Deadline(timeout_s)
    if settings.proxy_jump[0].host == settings.target:
        raise Unreachable("jumps over itself", host=settings.target, hint="ProxyJump none for the jump host")
    asked: dict[str, object] = {
        "config": str(config) if config else "",
        "hops": [[hop.host, hop.user, hop.port] for hop in settings.proxy_jump],
    }
    control = _ask_keeper(settings, asked)
    try:
        return _open_channel(settings, control, deadline)
    except (OSError, ValueError) as error:
        raise ssh_errors.explain_not_reached_from_jump(settings, str(error) or type(error).__name__) from error


def _ask_keeper(settings: Settings, asked: dict[str, object]) -> str:
    with socket.socket(socket.AF_UNIX) as sock:
        try:
            sock.settimeout(_LOGIN_S + 2)
            sock.connect(_keeper[0])
            sock.sendall(json.dumps(asked).encode() + b"\n")
            with sock.makefile("rb") as file:
                answer = json.loads(file.readline(_MOST))
        except (OSError, ValueError) as error:
            raise ssh_errors.explain_not_reached_from_jump(settings, "no connection to it") from error
    if "control" in answer:
        return str(answer["control"])
    kind = TemporarilyUnreachable if answer["passing"] else Unreachable
    raise kind(
        f"its jump host: {answer['what']}",
        host=settings.target,
        login=ssh_errors.name_login(settings),
        hint=answer["hint"],
    )


def _open_channel(settings: Settings, control: str, deadline: Deadline) -> tuple[socket.socket, Held]:
    sock = socket.socket(socket.AF_UNIX)
    ours, theirs = socket.socketpair()
    try:
        sock.settimeout(deadline.left())
        sock.connect(control)
        _forward(sock, settings, theirs)
    except BaseException:
        ours.close()
        sock.close()
        raise
    finally:
        theirs.close()
    return ours, Held(sock)


def _forward(sock: socket.socket, settings: Settings, end: socket.socket) -> None:
    """Have ssh connect `end` to the host. ValueError if it does not."""
    _send(sock, struct.pack(">II", _HELLO, _VERSION))
    if _receive(sock)[:8] != struct.pack(">II", _HELLO, _VERSION):
        raise ValueError("this ssh speaks another version of its control protocol")
    host = settings.hostname.encode()
    _send(sock, struct.pack(f">IIII{len(host)}sI", _FORWARD, 0, 0, len(host), host, settings.port))
    for _ in ("its input", "its output"):
        socket.send_fds(sock, [b"\0"], [end.fileno()])
    answer = _receive(sock)
    (kind,) = struct.unpack(">I", answer[:4])
    if kind != _OPENED:
        raise ValueError(answer[12:].decode("utf-8", "replace") if kind in (_DENIED, _FAILED) else "no answer")


def _send(sock: socket.socket, message: bytes) -> None:
    sock.sendall(len(message).to_bytes(4) + message)


def _receive(sock: socket.socket) -> bytes:
    size = int.from_bytes(_read(sock, 4))
    if not 8 <= size <= _MOST:  # noqa: PLR2004 - type and number
        raise ValueError("ssh's control protocol is broken")
    return _read(sock, size)


def _read(sock: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        piece = sock.recv(size - len(found))
        if not piece:
            raise ValueError("the connection to the jump host was lost")
        found += piece
    return found


class _Master:
    """An ssh that holds the connection to one jump host. `failed`: why there is none, until a moment."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.lock = threading.Lock()
        self.process: subprocess.Popen[bytes] | None = None
        self.guard: subprocess.Popen[bytes] | None = None
        self.failed: Unreachable | None = None
        self.failed_until = 0.0


class SharedJumps:
    """The jump hosts of one run. Threads of its own answer the workers; `close` ends every connection."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="qtctl-"))
        self.path = str(self._folder / "keeper")
        self._masters: dict[str, _Master] = {}
        self._lock = threading.Lock()
        self._closed = False
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen(256)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = True
            masters = tuple(self._masters.values())
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for master in masters:
            self._end(master)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), sock, sock.makefile("rb") as file:
            asked = json.loads(file.readline(_MOST))
            sock.sendall(json.dumps(self._answer(asked)).encode() + b"\n")

    def _answer(self, asked: dict[str, Any]) -> dict[str, object]:
        hops = tuple(Hop(str(host), str(user), int(port)) for host, user, port in asked["hops"])
        with self._lock:
            master = self._masters.setdefault(json.dumps(asked), _Master(len(self._masters)))
        try:
            with master.lock:
                return {"control": self._ensure(master, hops, str(asked["config"]))}
        except Unreachable as error:
            passing = isinstance(error, TemporarilyUnreachable)
            return {"what": error.message, "hint": error.hint, "passing": passing}

    def _ensure(self, master: _Master, hops: Sequence[Hop], config: str) -> str:
        control = self._folder / f"{master.number}"
        if master.process is not None and master.process.poll() is None and control.exists():
            return str(control)
        if master.failed is not None and time.monotonic() < master.failed_until:
            raise master.failed
        try:
            self._start(master, hops, config, control)
        except Unreachable as error:
            self._end(master)
            master.failed, master.failed_until = error, time.monotonic() + _FAILED_FOR_S
            raise
        except InputError as error:
            raise Unreachable(error.what, host=hops[-1].host, hint=error.hint) from error
        return str(control)

    def _start(self, master: _Master, hops: Sequence[Hop], config: str, control: Path) -> None:
        for hop in hops:  # what qtctl cannot honour is refused, as for every connection
            asked = ssh_asked.start(
                hop.host, config=Path(config) if config else None, user=hop.user or None, port=hop.port or None
            )
            ssh_asked.finish(asked, None, _LOGIN_S)
        self._end(master)
        control.unlink(missing_ok=True)
        last = hops[-1]
        said = (self._folder / f"{master.number}.said").open("w+b")
        with said, self._lock:
            if self._closed:
                raise Unreachable("the audit has ended", host=last.host)
            process = master.process = subprocess.Popen(
                self._make_command(master, hops, config, control),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                start_new_session=True,
            )
            guard = [*_GUARD, str(process.pid), str(self._folder)]
            master.guard = subprocess.Popen(guard, stdin=subprocess.PIPE, start_new_session=True)
        self._await(process, control, last.host, self._folder / f"{master.number}.said")

    def _make_command(self, master: _Master, hops: Sequence[Hop], config: str, control: Path) -> list[str]:
        path = self._folder / f"{master.number}.config"
        files = (config,) if config else USUAL
        path.write_text("\n".join((*FORCED, *(f'Include "{file}"' for file in files), "")))
        *before, last = hops
        command = ["ssh", "-F", str(path), "-M", "-S", str(control), "-N", "-n"]
        if before:
            command += ["-J", ",".join(map(_write_hop, before))]
        if last.user:
            command += ["-l", last.user]
        if last.port:
            command += ["-p", str(last.port)]
        return [*command, "--", last.host]

    @staticmethod
    def _await(process: "subprocess.Popen[bytes]", control: Path, host: str, said: Path) -> None:
        until = time.monotonic() + _LOGIN_S
        while not control.exists():
            if process.poll() is not None:
                words = shorten_output(said.read_text("utf-8", "replace").strip())
                kind = TemporarilyUnreachable if any(each in words for each in _PASSING) else Unreachable
                raise kind(words or "ssh ended", host=host, hint=f"try `ssh {host}`")
            if time.monotonic() > until:
                raise TemporarilyUnreachable(f"no login in {_LOGIN_S:g} s", host=host, hint=f"try `ssh {host}`")
            time.sleep(_POLL_S)

    @staticmethod
    def _end(master: _Master) -> None:
        guard, process = master.guard, master.process
        master.guard = master.process = None
        if guard is not None:
            # First, while the group is still there: its number may belong to others later.
            guard.kill()
            guard.wait()
            if guard.stdin is not None:
                guard.stdin.close()
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _write_hop(hop: Hop) -> str:
    host = f"[{hop.host}]" if ":" in hop.host else hop.host
    return f"{hop.user + '@' if hop.user else ''}{host}{f':{hop.port}' if hop.port else ''}"
