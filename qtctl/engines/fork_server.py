"""A process without threads that forks others: a process with threads cannot be forked safely.

It is started as a new process, not forked, so a process with threads can use it.
"""

import gc
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from typing import NoReturn

from qtctl.engines.child_process import ChildProcess, Pipe, Receive, Send, WorkerEnded, leave_sigterm, run_child
from qtctl.engines.work import Raised, Work, run

FORK, CALL = b"fork", b"call"
LONGEST_COMMAND = 32
REAPED_WITHIN_S = 0.5
"""For each child, if all are ended at once."""
ENDED = "the process that starts others has ended"
FEW_COLLECTIONS = (200_000, 20, 100)
"""Thresholds of the garbage collector: workers end before what they leave is worth looking through."""
START = """
import os, sys
sys.path[:] = sys.argv[1].split(os.pathsep)
from qtctl.engines.fork_server import serve
serve(int(sys.argv[2]), sys.argv[3], sys.argv[4], sys.argv[5:])
"""


class ForkServer:
    """Forks children that run `work(receive, send)`, a module-level function. Threads may share it.

    It imports the modules in `preload` before it forks the first child. `apart`: Ctrl-C at the terminal of this process
    reaches neither the server nor its children.
    """

    def __init__(
        self, work: Callable[[Receive, Send], None], preload: Sequence[str] = (), *, apart: bool = False
    ) -> None:
        self._asking = threading.Lock()
        self._children = threading.Lock()
        self._pids: set[int] = set()
        self._closed = False
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            named = (work.__module__, work.__qualname__)
            command = [sys.executable, "-c", START, os.pathsep.join(sys.path), str(theirs.fileno()), *named, *preload]
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()], start_new_session=apart
            )

    def start(self) -> ChildProcess:
        """Start a new child. WorkerEnded if the server has ended."""
        ours, theirs = socket.socketpair()
        try:
            pid = int(self._ask(FORK, theirs))
            with self._children:
                self._pids.add(pid)
        except WorkerEnded:
            ours.close()
            raise
        finally:
            theirs.close()
        return ChildProcess(Pipe(ours), lambda: self._kill(pid), int(pid))

    def call(self, work: Work) -> None:
        """Run a function in the server itself: what it leaves in memory, all children have that start later.

        Raises what it raises; WorkerEnded if the server has ended.
        """
        ours, theirs = socket.socketpair()
        pipe = Pipe(ours)
        with theirs, self._asking:
            self._send(CALL, theirs)
        with suppress(OSError):
            pipe.send(work)
        try:
            answer = pipe.receive()
        except (EOFError, OSError) as error:
            raise WorkerEnded(ENDED) from error
        finally:
            pipe.close()
        if isinstance(answer, Raised):
            raise answer.error

    def kill(self) -> None:
        """End the server and all its children at once, whatever they are doing."""
        # As long as the server has not reaped a child, no other process has that pid.
        with self._children:
            pids = tuple(self._pids)
            self._pids.clear()
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
        self._control.settimeout(REAPED_WITHIN_S)
        with suppress(WorkerEnded):  # the server is busy, or has ended: then init reaps them
            for pid in pids:
                self._ask(str(pid).encode())
        self.close()

    def close(self) -> None:
        """End the server. Its children end when they are closed, or with this process."""
        with self._asking:
            if self._closed:
                return
            self._closed = True
            self._control.close()
            self._process.kill()
            self._process.wait()

    def _kill(self, pid: int) -> None:
        # Only the server reaps the child: until then, no other process gets its pid.
        with self._children:
            if pid not in self._pids:
                return
            self._pids.remove(pid)
        with suppress(WorkerEnded):  # the child ends with its pipe
            self._ask(str(pid).encode())

    def _ask(self, command: bytes, pipe: socket.socket | None = None) -> bytes:
        with self._asking:
            self._send(command, pipe)
            try:
                answer = self._control.recv(LONGEST_COMMAND)
            except OSError:
                answer = b""
        if not answer:
            raise WorkerEnded(ENDED)
        return answer

    def _send(self, command: bytes, pipe: socket.socket | None = None) -> None:
        try:
            socket.send_fds(self._control, [command], [pipe.fileno()] if pipe is not None else [])
        except OSError as error:
            raise WorkerEnded(ENDED) from error


def serve(fd: int, module: str, name: str, preload: Sequence[str]) -> NoReturn:
    """Fork and reap children until the process that started this one has ended. `fd`: our end of the control socket."""
    # Ctrl-C reaches every process of a terminal: the one that started this decides what becomes of the work.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    leave_sigterm()
    gc.set_threshold(*FEW_COLLECTIONS)
    control = socket.socket(fileno=fd)
    try:
        work: Callable[[Receive, Send], None] = getattr(import_module(module), name)
        for each in preload:
            import_module(each)
        while True:
            command, fds, _, _ = socket.recv_fds(control, LONGEST_COMMAND, 1)
            if not command:
                break
            if command == CALL:
                _call(fds[0])
            else:
                control.send(_fork(control, work, fds[0]) if command == FORK else _reap(int(command)))
    finally:
        os._exit(0)


def _call(fd: int) -> None:
    pipe = Pipe(socket.socket(fileno=fd))
    try:
        pipe.send(run(pipe.receive()))
    except (EOFError, OSError):
        return  # the one that asked has ended
    finally:
        pipe.close()


def _fork(control: socket.socket, work: Callable[[Receive, Send], None], fd: int) -> bytes:
    # What is there stays there: a collection in a child would copy every page of it.
    gc.freeze()
    pid = os.fork()
    if pid == 0:
        control.close()
        run_child(work, socket.socket(fileno=fd))
    os.close(fd)
    return str(pid).encode()


def _reap(pid: int) -> bytes:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return b"ended"
