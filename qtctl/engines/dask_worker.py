"""What a worker of a Dask cluster does with a piece of work: it runs it in a process of its own, as `processes` does.

So a host that hangs or is hostile costs only its own result, and work that nobody waits for any more can be ended: Dask
itself cannot stop a thread that runs.
"""

import os
import pickle
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import NamedTuple

from qtctl.engines.child_process import ChildProcess, Receive, Send, WorkerEnded, make_portable
from qtctl.engines.fork_server import ForkServer
from qtctl.engines.repeatable import is_repeatable
from qtctl.engines.work import Raised, Returned, Work, await_result, serve
from qtctl.engines.worker import COLLECTING, connect_early, limit_memory
from qtctl.interfaces.progress import Progress
from qtctl.model.events import Event
from qtctl.version import VERSION

PRELOADED = ("qtctl.adapters.ssh", *COLLECTING)
TOPIC = "qtctl"
"""Of Dask's events: the progress of all callers goes there, each with the name of its run."""
KEPT = 4
"""Registries that a worker keeps ready beyond those in use."""
_ENDING = frozenset({"closing", "closed", "failed"})
POLL_S = 0.2
"""How often a worker looks whether its work is still wanted."""


class Call(NamedTuple):
    """A pickled Work that is made once in each worker, before the work that needs it, and its SHA-256."""

    digest: str
    packed: bytes


class Task(NamedTuple):
    """`version`: of the caller's qtctl. `run`: names the caller in events. `work`: a pickled Work. `longest_s`: its
    deadline in seconds, from when a worker begins. `calls`: what it needs, in order; those that are sent apart are
    without content."""

    version: str
    run: str
    work: bytes
    longest_s: float
    calls: tuple[Call, ...] = ()


class OtherVersion(RuntimeError):
    """A worker has another version of qtctl than the caller."""


def make_call(work: Work) -> Call:
    packed = pickle.dumps(work, pickle.HIGHEST_PROTOCOL)
    return Call(sha256(packed).hexdigest(), packed)


def pass_on(call: Call) -> Call:
    """As a task of its own, its result is sent to each worker once, and made again if all that have it die."""
    return call


def list_unset(names: Sequence[str]) -> tuple[str, ...]:
    """Those of these environment variables that are not set in this worker."""
    return tuple(name for name in names if name not in os.environ)


def perform(task: Task, *apart: Call) -> Returned | Raised:
    """Run a piece of work in a process of its own. `apart`: the content of calls that are sent apart.

    OtherVersion if the caller's qtctl is not this one.
    """
    if task.version != VERSION:
        raise OtherVersion(VERSION)
    try:
        return Returned(_run(task, {each.digest: each for each in apart}))
    except Exception as error:  # noqa: BLE001 - raised again by the caller; raised here, Dask would log it
        return Raised(make_portable(error))


def _run(task: Task, apart: Mapping[str, Call]) -> object:
    work: Work = pickle.loads(task.work)  # noqa: S301 - whoever reaches this cluster may run code on it anyway
    if not is_repeatable(work.function):
        raise TypeError(f"{work.function.__qualname__} is not run here: Dask may run it twice")
    calls = tuple(apart.get(each.digest, each) for each in task.calls)
    with _servers.start(calls) as child, _end_if_unwanted(child, _watch_task()):
        child.send(work)
        return await_result(child, _send_events(task.run), task.longest_s)


def serve_work(receive: Receive, send: Send) -> None:
    limit_memory()
    serve(receive, send, connect_early)


class _Server:
    """A fork server, what was called in it, and how many tasks use it."""

    def __init__(self) -> None:
        self.users = 0
        self._made: set[str] = set()
        self._lock = threading.Lock()
        self._forks = ForkServer(serve_work, PRELOADED)

    def start(self, calls: Sequence[Call]) -> ChildProcess:
        """WorkerEnded if the server has ended."""
        with self._lock:
            for call in calls:
                if call.digest not in self._made:
                    self._forks.call(_read_call(call))
                    self._made.add(call.digest)
        return self._forks.start()

    def close(self) -> None:
        self._forks.close()


class Servers:
    """Fork servers by the first call that was made in them, which names a registry.

    The least recently used are ended; those in use stay.
    """

    def __init__(self, most: int = KEPT) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, _Server] = OrderedDict()

    @contextmanager
    def start(self, calls: Sequence[Call]) -> Iterator[ChildProcess]:
        """A process that is forked after the calls. ValueError if a digest is wrong; raises what the calls raise."""
        name = calls[0].digest if calls else ""
        server = self._take(name)
        try:
            child = self._fork(name, server, calls)
            try:
                yield child
            finally:
                child.close()
        finally:
            self._return(server)

    def _take(self, name: str) -> _Server:
        with self._lock:
            if name not in self._kept:
                self._kept[name] = _Server()
            self._kept.move_to_end(name)
            self._kept[name].users += 1
            return self._kept[name]

    def _fork(self, name: str, server: _Server, calls: Sequence[Call]) -> ChildProcess:
        try:
            return server.start(calls)
        except WorkerEnded:
            with self._lock:
                if self._kept.get(name) is server:
                    del self._kept[name]
            raise

    def _return(self, server: _Server) -> None:
        with self._lock:
            server.users -= 1
            idle = [name for name, each in self._kept.items() if not each.users]
            for name in idle[: max(0, len(self._kept) - self._most)]:
                self._kept.pop(name).close()


_servers = Servers()


def _read_call(call: Call) -> Work:
    if sha256(call.packed).hexdigest() != call.digest:
        raise ValueError("what a caller shares does not have its digest")
    work: Work = pickle.loads(call.packed)  # noqa: S301 - as above
    return work


@contextmanager
def _end_if_unwanted(child: ChildProcess, is_wanted: Callable[[], bool]) -> Iterator[None]:
    done = threading.Event()

    def watch() -> None:
        while not done.wait(POLL_S):
            if not is_wanted():
                child.end()
                return

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        done.set()


def _watch_task() -> Callable[[], bool]:
    """Whether the scheduler still wants the task of this thread: it forgets those of a caller that is gone.

    A worker that has lost its scheduler is closing.
    """
    from distributed import get_worker

    worker = get_worker()
    key, tasks = worker.get_current_task(), worker.state.tasks

    def is_wanted() -> bool:
        task = tasks.get(key)
        return task is not None and task.state == "executing" and worker.status.name not in _ENDING

    return is_wanted


def _send_events(run: str) -> Progress:
    from distributed import get_worker

    worker = get_worker()

    def send(event: Event) -> None:
        worker.log_event(TOPIC, (run, event.host, event.stage.value, event.state.value, event.detail, event.waiting))

    return send
