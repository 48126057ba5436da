"""qtctl as a process of its own that need not load its modules: forked from one that loaded them and did nothing else.

A cold start costs 0.2 to 0.4 s of processor time, nearly all of it for modules; a fork costs 0.03 s. Everything else is
as for any process: arguments, environment, folder, standard streams, signals, exit code. Tests of the start itself, of
terminals and of signals start `tests.cli.world.PROGRAM`.
"""

import atexit
import functools
import gc
import importlib
import json
import os
import pkgutil
import selectors
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NoReturn, TextIO

ROOT = Path(__file__).parent.parent
READ_AT_START = ("PYTHON", "LC_", "LANG", "MALLOC_", "FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS", "TERMINAL_WIDTH")
"""Variables that Python or a library reads while it loads. Where a test sets others, the command starts cold."""
LARGEST_REQUEST = 1 << 17
LARGEST_READ = 1 << 16


def run(
    argv: tuple[str, ...],
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdin: str | None = None,
    timeout_s: float,
    account: int | None = None,
) -> tuple[int, bytes, bytes]:
    """The command's exit code (negative: the signal that ended it), stdout and stderr. They are pipes.

    Without `stdin`, it is /dev/null. subprocess.TimeoutExpired after `timeout_s`, and the command is killed. `account`:
    the number of the user and the group that it runs as, if root runs the tests.
    """
    if account is None and _read_at_start(env) != _read_at_start(os.environ):
        done = subprocess.run(
            [sys.executable, "-m", "qtctl", *argv], cwd=cwd, env=env, capture_output=True, check=False,
            timeout=timeout_s, input=b"" if stdin is None else stdin.encode(),
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr
    given = os.open(os.devnull, os.O_RDONLY) if stdin is None else _filled(stdin.encode())
    (out, out_end), (err, err_end), (status, status_end) = os.pipe(), os.pipe(), os.pipe()
    ends = [given, out_end, err_end, status_end]
    request = json.dumps({"argv": argv, "cwd": str(cwd), "env": dict(env), "account": account}).encode()
    assert len(request) < LARGEST_REQUEST, "start it cold"
    try:
        socket.send_fds(_server(), [request], ends)
    finally:
        for end in ends:
            os.close(end)
    said = _read_all((status, out, err), [*argv], timeout_s)
    return int(said[status].split()[1]), said[out], said[err]


def _read_at_start(env: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name.startswith(READ_AT_START) and name != "PYTHONPATH"}


def _filled(content: bytes) -> int:
    """The read end of a pipe that holds `content`, and nothing after it."""
    given, ours = os.pipe()
    assert len(content) <= LARGEST_READ, "a pipe holds no more"
    os.write(ours, content)
    os.close(ours)
    return given


def _read_all(files: tuple[int, int, int], argv: list[str], timeout_s: float) -> dict[int, bytes]:
    """All that each file has to say. The first line of the first is the command's process id."""
    found, deadline = dict.fromkeys(files, b""), time.monotonic() + timeout_s
    with selectors.DefaultSelector() as selector:
        for file in files:
            selector.register(file, selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            if not ready:
                os.kill(int(found[files[0]].split()[0]), signal.SIGKILL)
                raise subprocess.TimeoutExpired(argv, timeout_s, *(found[file] for file in files[1:]))
            for key, _ in ready:
                part = os.read(key.fd, LARGEST_READ)
                found[key.fd] += part
                if not part:
                    selector.unregister(key.fd)
                    os.close(key.fd)
    return found


@functools.cache
def _server() -> socket.socket:
    """The process that forks commands. It ends when this one does."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.warm", str(its.fileno())], cwd=ROOT, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, pass_fds=[its.fileno()],
    )  # fmt: skip
    its.close()

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def _serve(requests: socket.socket) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _load()
    gc.collect()
    gc.freeze()
    while True:
        request, files, _, _ = socket.recv_fds(requests, LARGEST_REQUEST, 4)
        if not request:
            return
        if os.fork() == 0:
            requests.close()
            _watch(request, *files)
        for file in files:
            os.close(file)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _load() -> None:
    """All modules of qtctl, and with them the libraries that it uses; not those for a bus library that is not there."""
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
    import qtctl

    for module in pkgutil.walk_packages(qtctl.__path__, "qtctl."):
        try:
            importlib.import_module(module.name)
        except ImportError as error:
            if error.name not in {"gi", "pydbus"}:
                raise


def _watch(request: bytes, given: int, out: int, err: int, status: int) -> NoReturn:
    """Fork the command, and write its process id and its exit code to `status`."""
    pid = os.fork()
    if pid == 0:
        os.close(status)
        _become(json.loads(request), (given, out, err))
    for file in (given, out, err):
        os.close(file)
    os.write(status, f"{pid} ".encode())
    _, ended = os.waitpid(pid, 0)
    os.write(status, str(os.waitstatus_to_exitcode(ended)).encode())
    os._exit(0)


def _become(request: dict[str, object], files: tuple[int, int, int]) -> NoReturn:
    code = 1
    try:
        for number, file in enumerate(files):
            os.dup2(file, number)
            os.close(file)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if request["account"] is not None:
            os.setgroups([])
            os.setgid(request["account"])  # type: ignore[arg-type]
            os.setuid(request["account"])  # type: ignore[arg-type]
        os.environ.clear()
        os.environ.update(request["env"])  # type: ignore[call-overload]
        os.chdir(str(request["cwd"]))
        time.tzset()
        sys.stdin, sys.stdout, sys.stderr = _again(sys.stdin, "r"), _again(sys.stdout, "w"), _again(sys.stderr, "w")
        from qtctl import __main__

        sys.argv = [__main__.__file__, *request["argv"]]  # type: ignore[misc]
        __main__.main()
        code = 0
    except SystemExit as done:
        code = done.code if isinstance(done.code, int) else int(done.code is not None)
        if isinstance(done.code, str):
            sys.stderr.write(done.code + "\n")
    except BaseException:  # noqa: BLE001 - as the interpreter does
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _again(stream: TextIO, mode: str) -> TextIO:
    """The same over what its number now stands for."""
    number = stream.fileno()
    buffering = 1 if number == sys.__stderr__.fileno() else -1  # type: ignore[union-attr]
    return open(number, mode, buffering, stream.encoding, stream.errors, closefd=False)  # type: ignore[return-value]


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
