"""Work in a process of its own, which thinks while this one does: threads of one process take turns at it."""

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


class Pipe:
    """Objects, both ways, between a process and its child."""

    def __init__(self, end: socket.socket) -> None:
        self._file = end.makefile("rwb")
        end.close()

    def send(self, what: object) -> None:
        """OSError where the other end has gone."""
        packed = BytesIO()
        packer = pickle.Pickler(packed, pickle.HIGHEST_PROTOCOL)
        packer.dispatch_table = {**copyreg.dispatch_table, Secret: lambda secret: (Secret, (secret.reveal(),))}
        packer.dump(what)
        self._file.write(packed.getbuffer())
        self._file.flush()

    def receive(self) -> Any:  # noqa: ANN401 - whatever was sent
        """What the other end sent. EOFError where it has gone."""
        return pickle.load(self._file)  # noqa: S301 - from ourselves

    def close(self) -> None:
        with suppress(OSError):
            self._file.close()


class Beside:
    """A forked child that does `work(receive, send)`, and ends with this process. To be made before any thread is."""

    def __init__(self, work: Callable[[Receive, Send], None]) -> None:
        ours, theirs = socket.socketpair()
        self._pid = os.fork()
        if self._pid == 0:
            ours.close()
            _child(work, Pipe(theirs))
        theirs.close()
        self._pipe = Pipe(ours)
        self._late = threading.Event()

    def send(self, what: object) -> None:
        """One that has ended is noticed by `receive`, which knows why."""
        with suppress(OSError):
            self._pipe.send(what)

    def receive(self) -> Any:  # noqa: ANN401 - whatever was sent
        """The next that it sent. Raises what it raised, with its trace as a note; TimeoutError after `within`."""
        try:
            found = self._pipe.receive()
        except (EOFError, OSError):
            if self._late.is_set():
                raise TimeoutError from None
            raise RuntimeError("a process of ours ended without an answer") from None
        if isinstance(found, BaseException):
            raise found
        return found

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Wait for it no longer than that: it is ended, whatever it hangs in."""

        def end() -> None:
            self._late.set()
            os.kill(self._pid, signal.SIGKILL)

        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def close(self) -> None:
        """End it, whatever it is at."""
        self._pipe.close()
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)


def _child(work: Callable[[Receive, Send], None], pipe: Pipe) -> NoReturn:
    # Ctrl-C reaches both processes: the parent tells of it, this one just ends.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    received: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=_listen, args=(pipe, received), daemon=True).start()
    try:
        work(received.get, pipe.send)
    except BaseException as error:  # noqa: BLE001 - raised again in the parent
        import traceback

        error.add_note("".join(traceback.format_exception(error)))
        pipe.send(error if _travels(error) else RuntimeError(f"{type(error).__name__}: {error}"))
    finally:
        os._exit(0)


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
