"""The engine that runs work on other machines: the workers of a Dask cluster.

Only work that reads is run there: Dask runs what a dead worker had begun on another one. What each worker does with a
piece of work is in `dask_worker`.
"""

import logging
import pickle
import socket
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Executor, Future
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pkgutil import resolve_name
from secrets import token_hex
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar

from qtctl.adapters.background_thread import BackgroundThread
from qtctl.dialects.wording import join_some
from qtctl.engines.child_process import EngineLost, WorkerEnded
from qtctl.engines.dask_worker import (
    TOPIC,
    Call,
    OtherVersion,
    Task,
    list_unset,
    make_call,
    pass_on,
    perform,
)
from qtctl.engines.relay import Relay
from qtctl.engines.repeatable import is_repeatable
from qtctl.engines.scheduler import TLS_KEYS, Scheduler, choose_address
from qtctl.engines.work import Raised, Work
from qtctl.engines.worker import LONGEST_S
from qtctl.errors import HostError, InputError
from qtctl.model.events import Event, EventState, Stage
from qtctl.version import VERSION

if TYPE_CHECKING:
    from distributed import Client

CONNECT_S = 5.0
CHECK_S = 10.0
"""For all workers to say which version they have."""
CLOSE_S = 0.5
"""For telling the scheduler that nobody waits any more; it notices that by itself a little later."""
ALONE_S = 15.0
"""Without any worker. One that died and is started again is back sooner."""
WATCH_S = 1.0
LOST, ALONE = "the connection to the scheduler is lost", "the scheduler has no worker any more"
INSTALL = 'pip install "qtctl[dask]"'
_LOGGERS = ("distributed", "tornado", "asyncio")
_SHOWN = 5
"""Workers that an error names."""
_LONGEST = 300
_SMALL = 4096
"""Bytes of a call that travels with each piece of work; larger ones go to each worker once."""
P = ParamSpec("P")
T = TypeVar("T")


class Dask(Executor):
    """Runs work on the workers of a scheduler, once it is connected.

    Work that takes longer than `longest_s` once a worker has begun it is ended, with a TimeoutError. If the scheduler
    goes, or all workers, work that has not ended gets EngineLost.
    """

    def __init__(self, scheduler: Scheduler, *, longest_s: float = LONGEST_S) -> None:
        self.events = Relay()
        self._scheduler = scheduler
        self._longest_s = longest_s
        self._run = token_hex(8)
        self._lock = threading.Lock()
        self._waiting: dict[Future[Any], Task] = {}
        self._calls: tuple[Call, ...] = ()
        self._apart: tuple[Any, ...] = ()
        self._shut = threading.Event()
        self._lost = ""
        self._checked: tuple[str, ...] = ()
        self._client: Any = None
        self._executor: Any = None

    def connect(self, variables: Sequence[str] = ()) -> Self:
        """All workers are asked for their version of qtctl before any gets work.

        `variables`: what must be set in the environment of every worker. InputError if Dask is not installed or not
        configured, or a worker has another version or lacks a variable; HostError if there is no scheduler or no
        worker.
        """
        self._client = connect(self._scheduler)
        self._checked = check_workers(self._client, self._scheduler, variables)
        self._client.subscribe_topic(TOPIC, self._receive_event)
        self._executor = self._client.get_executor(pure=False)
        BackgroundThread(self._watch_workers)
        return self

    @property
    def at_once(self) -> int:
        """How much work all workers do at the same time, and as much again, which waits for them."""
        return 2 * sum(map(int, self._client.nthreads().values()))

    def share(self, fn: Callable[P, object], /, *args: P.args, **kwargs: P.kwargs) -> None:
        """As `sharing.share`: the call is made once in each worker, before the work that is submitted later."""
        call = make_call(Work(fn, args, kwargs))
        if len(call.packed) > _SMALL:
            self._apart += (self._client.submit(pass_on, call, key=f"qtctl-{call.digest}"),)
            call = Call(call.digest, b"")
        self._calls += (call,)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """TypeError if the function may not be run twice, or if a secret is among its arguments."""
        if self._shut.is_set():
            raise RuntimeError("no work is taken after shutdown")
        if not is_repeatable(fn):
            raise TypeError(f"{fn.__qualname__} is not run on other machines: a worker may die, and it would run twice")
        work = pickle.dumps(Work(fn, args, kwargs), pickle.HIGHEST_PROTOCOL)
        task = Task(VERSION, self._run, work, self._longest_s, self._calls)
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()
        with self._lock:
            self._waiting[future] = task
        if self._lost:
            self._end(future, Raised(EngineLost(self._lost)))
        else:
            self._send(future, task)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Without `wait`, or with `cancel_futures`, nobody waits for a worker: they end what they do by themselves."""
        if self._shut.is_set():
            return
        self._shut.set()
        if wait and not cancel_futures:
            for future in list(self._waiting):
                with suppress(Exception):
                    future.exception()
        self._end_all(WorkerEnded("shut down before it ended"))
        if self._client is None:
            return
        with suppress(Exception):
            BackgroundThread(lambda: self._client.close(timeout=CLOSE_S)).result(CLOSE_S)

    def _send(self, future: "Future[Any]", task: Task, workers: Sequence[str] | None = None) -> None:
        where = {"workers": list(workers)} if workers is not None else {}
        inner = self._executor.submit(perform, task, *self._apart, **where)
        inner.add_done_callback(lambda done: self._settle(future, done, elsewhere=workers is None))

    def _settle(self, future: "Future[Any]", done: "Future[Any]", *, elsewhere: bool) -> None:
        """Pass a result on. Work that a worker of another version was given is given to one that was checked."""
        try:
            found = done.result()
        except OtherVersion as error:
            with self._lock:
                task = self._waiting.get(future)
            if elsewhere and task is not None and not self._shut.is_set():
                self._send(future, task, self._checked)
                return
            found = Raised(WorkerEnded(f"a worker that has joined has qtctl {error}, not {VERSION}"))
        except CancelledError:
            self._lost = LOST
            found = Raised(EngineLost(LOST))
        except Exception as error:  # noqa: BLE001 - raised again where the result is asked for
            found = Raised(WorkerEnded(describe_error(error)))
        self._end(future, found)

    def _end(self, future: "Future[Any]", found: Any) -> None:  # noqa: ANN401 - Returned or Raised
        with self._lock:
            if self._waiting.pop(future, None) is None:
                return
        if isinstance(found, Raised):
            future.set_exception(found.error)
        else:
            future.set_result(found.value)

    def _end_all(self, error: Exception) -> None:
        for future in list(self._waiting):
            self._end(future, Raised(error))

    def _receive_event(self, stamped: tuple[float, Any]) -> None:
        run, host, stage, state, detail, waiting = stamped[1]
        if run == self._run:
            self.events(Event(host, Stage(stage), EventState(state), detail, waiting))

    def _watch_workers(self) -> None:
        alone = 0.0
        while not self._shut.wait(WATCH_S):
            with suppress(Exception):
                alone = 0.0 if self._client.nthreads() else alone + WATCH_S
            if alone >= ALONE_S:
                self._lost = ALONE
                self._end_all(EngineLost(ALONE))
                return


def connect(scheduler: Scheduler) -> "Client":
    """InputError if Dask is not installed or has no certificates; HostError if the scheduler does not answer."""
    if find_spec("distributed") is None:
        raise InputError(f"{scheduler}: Dask is not installed", hint=INSTALL)
    with silent():
        try:
            from distributed import Client, Security
        except Exception as error:
            raise InputError(f"{scheduler}: Dask's configuration cannot be read: {describe_error(error)}") from error
        silence()
        address = choose_address(scheduler, has_tls)
        try:
            # Dask tries again for all of its time where nobody listens, and says less about why.
            socket.create_connection((scheduler.host, scheduler.port), CONNECT_S).close()
            # Something that listens and says nothing, Dask waits for without end.
            return BackgroundThread(
                lambda: Client(address, timeout=CONNECT_S, set_as_default=False, security=Security())
            ).result(CONNECT_S + 1)
        except Exception as error:
            what = f"the scheduler at {scheduler} does not answer: {_describe_silence(error)}"
            raise HostError(what, hint="see that `dask scheduler` runs there, with the same certificates") from error


def _describe_silence(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return f"nothing in {CONNECT_S:g} s" if isinstance(error, TimeoutError) else describe_error(error)


def has_tls() -> bool:
    """Whether Dask's configuration has what a client needs for TLS. InputError if a file of it cannot be used."""
    from distributed import Security

    security = Security()
    if security.tls_ca_file is None or security.tls_client_cert is None:
        return False
    try:
        security.get_connection_args("client")
    except OSError as error:  # ssl.SSLError is one
        what = f"the certificates in Dask's configuration cannot be used: {describe_error(error)}"
        raise InputError(what, hint=TLS_KEYS) from error
    return True


def check_workers(client: "Client", scheduler: Scheduler, variables: Sequence[str]) -> tuple[str, ...]:
    """The addresses of all workers. HostError if there is none or one does not answer.

    InputError if one has another version of qtctl, or lacks a variable: all of them are named.
    """
    versions = ask_workers(client, scheduler, resolve_name, "qtctl.version:VERSION")
    if not versions:
        raise HostError(f"the scheduler at {scheduler} has no workers", hint="start `dask worker` with qtctl[dask]")
    wrong = {worker: _describe_version(found) for worker, found in versions.items() if found != VERSION}
    if wrong:
        raise InputError(f"this is qtctl {VERSION}, but {_name(wrong)}", hint="install the same version everywhere")
    unset = ask_workers(client, scheduler, list_unset, tuple(variables)) if variables else {}
    lacking = {worker: f"without {', '.join(map(str, found))}" for worker, found in unset.items() if found}
    if lacking:
        hint = "passwords are read from the environment of the worker, and do not leave it"
        raise InputError(f"a password is not set: {_name(lacking)}", hint=hint)
    return tuple(versions)


def ask_workers(client: "Client", scheduler: Scheduler, fn: Callable[..., object], *args: object) -> dict[str, Any]:
    """Address of each worker → what the function returns there, or its error. HostError if one does not answer."""
    try:
        answers: dict[str, Any] = BackgroundThread(lambda: client.run(fn, *args, on_error="return")).result(CHECK_S)
    except Exception as error:
        what = f"not all workers of {scheduler} answer: {describe_error(error)}"
        raise HostError(what, hint="see the scheduler's log") from error
    return answers


def _describe_version(found: object) -> str:
    if isinstance(found, str):
        return f"has {found}"
    if isinstance(found, ImportError):
        return "does not have it"
    return f"did not say: {describe_error(found)}"


def _name(workers: Mapping[str, str]) -> str:
    """What is wrong with each worker. If there are many, with the first ones."""
    shown = [f"worker {worker} {what}" for worker, what in sorted(workers.items())]
    return join_some(shown, _SHOWN)


def describe_error(error: object) -> str:
    """An error of Dask in one short line."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


@contextmanager
def silent() -> Iterator[None]:
    """What Dask says on stderr while it is loaded is dropped: our own errors say it in one line."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def silence() -> None:
    """Dask's own log: it would be in the middle of ours."""
    warnings.filterwarnings("ignore", module=r"distributed(\..*)?")
    for name in {*_LOGGERS, *logging.root.manager.loggerDict}:
        if name.partition(".")[0] not in _LOGGERS:
            continue
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = False
        logger.setLevel(logging.CRITICAL + 1)
