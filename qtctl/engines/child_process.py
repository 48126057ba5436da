"""Work in a forked process, which runs while this one does: threads of one process take turns at one interpreter."""

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
    """A process of ours ended without an answer."""


def pack(what: object) -> memoryview:
    """Bytes for another process of ours, and for nobody else: secrets are in them as they are."""
    packed = BytesIO()
    packer = pickle.Pickler(packed, pickle.HIGHEST_PROTOCOL)
    packer.dispatch_table = {**copyreg.dispatch_table, Secret: lambda secret: (Secret, (secret.reveal(),))}
    packer.dump(what)
    return packed.getbuffer()


class Pipe:
    """Objects, both ways, between a process and its child."""

    def __init__(self, end: socket.socket) -> None:
        self._file = end.makefile("rwb")
        end.close()

    def send(self, what: object) -> None:
        """OSError where the other end has gone."""
        self._file.write(pack(what))
        self._file.flush()

    def receive(self) -> Any:  # noqa: ANN401 - whatever was sent
        """What the other end sent. EOFError where it has gone."""
        return pickle.load(self._file)  # noqa: S301 - from ourselves

    def close(self) -> None:
        with suppress(OSError):
            self._file.close()


class ChildProcess:
    """A process of ours at the other end of a pipe. `end` kills and reaps it: called once."""

    def __init__(self, pipe: Pipe, end: Callable[[], None]) -> None:
        self._pipe = pipe
        self._end = end
        self._ending = threading.Lock()
        self._ended = False
        self._late = threading.Event()

    def send(self, what: object) -> None:
        """A child that has ended is noticed by `receive`, which knows why."""
        with suppress(OSError):
            self._pipe.send(what)

    def receive(self) -> Any:  # noqa: ANN401 - whatever was sent
        """The next object from the child. Raises what the child raised, with its trace as a note.

        TimeoutError after the time of `within`; WorkerEnded where the child has ended.
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
        """Kill the child after that time, whatever it hangs in."""

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

    def end(self) -> None:
        """Kill the child, whatever it is doing, and reap it. Whoever waits in `receive` is told."""
        with self._ending:
            if not self._ended:
                self._ended = True
                self._end()

    def close(self) -> None:
        """End the child; nobody may wait in `receive` any more."""
        self.end()
        self._pipe.close()


def fork(work: Callable[[Receive, Send], None]) -> ChildProcess:
    """A child that runs `work(receive, send)` and ends with this process. To be called before threads are started."""
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
    """To be called in a process that has just been forked: `end` is its end of the pipe."""
    pipe = Pipe(end)
    # Ctrl-C reaches both processes: the parent reports it, the child just ends.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    received: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=_listen, args=(pipe, received), daemon=True).start()
    try:
        work(received.get, pipe.send)
    except BaseException as error:  # noqa: BLE001 - raised again in the parent
        pipe.send(portable(error))
    finally:
        os._exit(0)


def portable(error: BaseException) -> BaseException:
    """The error as it can be sent to another process, with its trace as a note."""
    import traceback

    error.add_note("".join(traceback.format_exception(error)))
    return error if _travels(error) else RuntimeError(f"{type(error).__name__}: {error}")


def _travels(error: BaseException) -> bool:
    try:
        return isinstance(pickle.loads(pickle.dumps(error)), type(error))  # noqa: S301 - from ourselves
    except Exception:  # noqa: BLE001 - whatever an exception makes of its arguments
        return False


def _listen(pipe: Pipe, received: "SimpleQueue[Any]") -> None:
    """Pass on what the parent sends, and end with it."""
    try:
        while True:
            received.put(pipe.receive())
    finally:
        os._exit(0)
