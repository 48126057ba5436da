"""Run a command of a lab host at the caller's terminal, but never give it that terminal: it could inject input."""

import os
import select
import signal
import subprocess
import termios
import threading
import tty
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from types import FrameType

IN, OUT, ERR = 0, 1, 2
CHUNK = 65536
LOOK_S = 0.1
DRAIN_S = 1.0

End = Callable[["subprocess.Popen[bytes]"], None]
"""Kills the command, and everything it started."""


def run(argv: Sequence[str], env: Mapping[str, str], owner: int, end: End) -> int:
    """Run it with this process's input and output, without a timeout; returns Popen's return code.

    At a terminal it gets a new one, owned by uid `owner`. Otherwise each of the three streams that is a terminal is
    replaced by a pipe. SIGINT ends it.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        if os.isatty(IN) and os.isatty(OUT):
            return _run_on_terminal(argv, env, owner, end)
        return _run_with_pipes(argv, env, owner, end)
    finally:
        signal.signal(signal.SIGINT, before)


def _run_on_terminal(argv: Sequence[str], env: Mapping[str, str], owner: int, end: End) -> int:
    ours, theirs = os.openpty()
    try:
        os.fchown(theirs, owner, -1)
        termios.tcsetattr(theirs, termios.TCSANOW, termios.tcgetattr(IN))
        error = theirs if os.isatty(ERR) else None
        with _follow_size(ours), _use_raw_mode():
            process = subprocess.Popen(
                ["setsid", "--ctty", *argv], stdin=theirs, stdout=theirs, stderr=error, env=dict(env)
            )
            try:
                os.close(theirs)
                _relay(ours, process)
                return process.wait()
            except BaseException:
                end(process)
                raise
    finally:
        os.close(ours)


def _relay(ours: int, process: "subprocess.Popen[bytes]") -> None:
    """Copy both ways, until the command has ended and all its output is copied."""
    while True:
        ready = select.select([IN, ours], [], [], LOOK_S)[0]
        if ours in ready and not _copy(ours, OUT):
            return
        if IN in ready and not _copy(IN, ours):
            raise KeyboardInterrupt  # the caller's terminal was closed: end the command
        if not ready and process.poll() is not None:
            return


def _copy(source: int, target: int) -> bool:
    """Copy one chunk; False at the end. Reading a terminal whose other end is closed fails with EIO."""
    try:
        read = os.read(source, CHUNK)
    except OSError:
        return False
    while read:
        written = os.write(target, read)
        read = read[written:]
        if not read:
            return True
    return False


@contextmanager
def _use_raw_mode() -> Iterator[None]:
    before = termios.tcgetattr(IN)
    tty.setraw(IN, termios.TCSADRAIN)
    try:
        yield
    finally:
        termios.tcsetattr(IN, termios.TCSADRAIN, before)


@contextmanager
def _follow_size(ours: int) -> Iterator[None]:
    """Keep the new terminal at the size of the caller's."""

    def resize(_signal: int = 0, _frame: FrameType | None = None) -> None:
        with suppress(OSError, termios.error):
            termios.tcsetwinsize(ours, termios.tcgetwinsize(IN))

    resize()
    before = signal.signal(signal.SIGWINCH, resize)
    try:
        yield
    finally:
        signal.signal(signal.SIGWINCH, before)


def start_with_pipes(
    argv: Sequence[str], env: Mapping[str, str], owner: int, piped: Collection[int], stdin: int | None = None
) -> "subprocess.Popen[bytes]":
    """Start it in a session of its own, with a pipe of uid `owner` for each stream in `piped`.

    `stdin`: as for Popen, where it is not piped. The command may open /dev/stdout at once, which only the owner of a
    pipe can do: pipes are given to it before it starts.
    """
    with ExitStack() as theirs, ExitStack() as ours:
        given, kept = {}, {}
        for stream in piped:
            ends = os.pipe()
            os.fchown(ends[0], owner, -1)
            given[stream], mine = ends if stream == IN else reversed(ends)
            theirs.callback(os.close, given[stream])
            kept[stream] = ours.enter_context(os.fdopen(mine, "wb" if stream == IN else "rb"))
        process = subprocess.Popen(
            list(argv),
            stdin=given.get(IN, stdin),
            stdout=given.get(OUT),
            stderr=given.get(ERR),
            env=dict(env),
            start_new_session=True,
        )
        ours.pop_all()
    process.stdin, process.stdout, process.stderr = kept.get(IN), kept.get(OUT), kept.get(ERR)
    return process


def _run_with_pipes(argv: Sequence[str], env: Mapping[str, str], owner: int, end: End) -> int:
    process = start_with_pipes(argv, env, owner, [stream for stream in (IN, OUT, ERR) if os.isatty(stream)])
    pumps = [
        _start_pump(pipe.fileno(), stream) for stream, pipe in ((OUT, process.stdout), (ERR, process.stderr)) if pipe
    ]
    if process.stdin:
        _start_pump(IN, process.stdin.fileno())
    try:
        code = process.wait()
    except BaseException:
        end(process)
        raise
    for pump in pumps:
        pump.join(DRAIN_S)
    return code


def _start_pump(source: int, target: int) -> threading.Thread:
    """Copy in a background thread, until the end of the source."""

    def work() -> None:
        with suppress(OSError):
            while _copy(source, target):
                pass

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread
