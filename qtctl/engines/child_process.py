"""Run work in a forked process, in parallel: threads of one process would share one interpreter lock."""

import copyreg
import os
import pickle
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from queue import SimpleQueue
from typing import Any, NoReturn

from qtctl.model.secret import Secret

Receive = Callable[[], Any]
Send = Callable[[object], None]


class WorkerEnded(RuntimeError):
    """A worker process ended without an answer."""


class EngineLost(WorkerEnded):
    """The machines on which an engine runs its work cannot be reached any more."""


def pack(what: object) -> memoryview:
    """Pickle an object for one of our own processes only: secrets are in it in the clear."""
    packed = BytesIO()
    packer = pickle.Pickler(packed, pickle.HIGHEST_PROTOCOL)
    packer.dispatch_table = {**copyreg.dispatch_table, Secret: lambda secret: (Secret, (secret.reveal(),))}
    packer.dump(what)
    return packed.getbuffer()


class Pipe:
    """Sends and receives objects between a process and its child."""

    def __init__(self, end: socket.socket) -> None:
        self._file = end.makefile("rwb")
        end.close()

    def send(self, what: object) -> None:
        """OSError if the other end is closed."""
        self._file.write(pack(what))
        self._file.flush()

    def receive(self) -> Any:  # noqa: ANN401 - whatever was sent
        """The next object from the other end. EOFError if it is closed."""
        return pickle.load(self._file)  # noqa: S301 - from ourselves

    def close(self) -> None:
        with suppress(OSError):
            self._file.close()


class ChildProcess:
    """A worker process at the other end of a pipe. `end`, which is called once, kills and reaps it.

    `pid`: of a child that can be interrupted.
    """

    def __init__(self, pipe: Pipe, end: Callable[[], None], pid: int | None = None) -> None:
        self._pipe = pipe
        self._end = end
        self._pid = pid
        self._ending = threading.Lock()
        self._ended = False
        self._late = threading.Event()

    def send(self, what: object) -> None:
        """If the child has ended, `receive` reports it."""
        with suppress(OSError):
            self._pipe.send(what)

    def receive(self) -> Any:  # noqa: ANN401 - whatever was sent
        """The next object from the child. Raises what the child raised, with its traceback as a note.

        TimeoutError once the time limit of `within` has passed; WorkerEnded if the child has ended.
        """
        try:
            found = self._pipe.receive()
        except (EOFError, OSError, pickle.UnpicklingError):
            if self._late.is_set():
                raise TimeoutError from None
            raise WorkerEnded("a process of ours ended without an answer") from None
        if isinstance(found, BaseException):
            raise found
        return found

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Kill the child after this time, even if it hangs."""

        def end() -> None:
            self._late.set()
            self.end()

        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def interrupt(self) -> None:
        """Send it SIGINT, unless it was ended: only then another process can have its pid."""
        with self._ending:
            if not self._ended and self._pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(self._pid, signal.SIGINT)

    def end(self) -> None:
        """Kill the child and reap it. A thread that waits in `receive` gets an error."""
        with self._ending:
            if not self._ended:
                self._ended = True
                self._end()

    def close(self) -> None:
        """End the child and close the pipe. No thread may be waiting in `receive`."""
        self.end()
        self._pipe.close()


def fork(work: Callable[[Receive, Send], None]) -> ChildProcess:
    """Fork a child that runs `work(receive, send)` and ends with this process. Call it before starting threads."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        ours.close()
        run_child(work, theirs)
    theirs.close()

    def end() -> None:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)

    return ChildProcess(Pipe(ours), end)


def run_child(work: Callable[[Receive, Send], None], end: socket.socket) -> NoReturn:
    """Run the work in a newly forked child. `end`: the child's end of the pipe."""
    pipe = Pipe(end)
    # Ctrl-C reaches both processes: the parent reports it, the child just ends.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    leave_sigterm()
    received: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=_listen, args=(pipe, received), daemon=True).start()
    try:
        work(received.get, pipe.send)
    except BaseException as error:  # noqa: BLE001 - raised again in the parent
        pipe.send(make_portable(error))
    finally:
        os._exit(0)


def leave_sigterm() -> None:
    """systemd and `timeout` send SIGTERM to every process of a command: the parent decides what becomes of the work.

    It is not ignored, which programs that are started from here would inherit.
    """
    signal.signal(signal.SIGTERM, lambda *_: None)


def make_portable(error: BaseException) -> BaseException:
    """An error that can be sent to another process, with its traceback as a note."""
    import traceback

    error.add_note("".join(traceback.format_exception(error)))
    return error if _is_picklable(error) else RuntimeError(f"{type(error).__name__}: {error}")


def _is_picklable(error: BaseException) -> bool:
    try:
        return isinstance(pickle.loads(pickle.dumps(error)), type(error))  # noqa: S301 - from ourselves
    except Exception:  # noqa: BLE001 - an exception's constructor may raise anything
        return False


def _listen(pipe: Pipe, received: "SimpleQueue[Any]") -> None:
    """Queue what the parent sends. Exit when the parent does."""
    try:
        while True:
            received.put(pipe.receive())
    finally:
        os._exit(0)
