"""The laws of an engine: inline, processes and the early connection keep the same, as executors of the library do."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed, wait
from pathlib import Path

import pytest

from qtctl.engines.child_process import WorkerEnded
from qtctl.engines.early_connection import EarlyConnection
from qtctl.engines.early_worker import fork_worker
from qtctl.engines.events import tell
from qtctl.engines.inline import Inline
from qtctl.engines.processes import Processes
from qtctl.engines.relay import watch
from qtctl.engines.sharing import share
from qtctl.errors import InputError, Place
from qtctl.model.events import Event, Stage, begun, done
from qtctl.model.secret import Secret
from tests.cli.world import ROOT
from tests.engines.test_child_process import wait_until_gone

ENGINES: dict[str, Callable[[], Executor]] = {
    "inline": Inline,
    "processes": lambda: Processes(2, preload=()),
    "early": lambda: EarlyConnection(fork_worker(remote=False)),
}
APART: dict[str, Callable[[float], Executor]] = {
    "processes": lambda longest_s: Processes(2, longest_s=longest_s, preload=()),
    "early": lambda longest_s: EarlyConnection(fork_worker(remote=False), longest_s=longest_s),
}
"""Those that work in another process."""


KILLED = """
import sys, time
from pathlib import Path
from qtctl.engines.early_connection import EarlyConnection
from qtctl.engines.early_worker import fork_worker
from qtctl.engines.processes import Processes
from tests.engines.test_engines import write_pid
early, processes = EarlyConnection(fork_worker(remote=True)), Processes(2, preload=())
told = [str(Path(sys.argv[1]) / name) for name in "abc"]
early.submit(write_pid, told[0])
for each in told[1:]:
    processes.submit(write_pid, each)
while not all(Path(each).exists() and Path(each).read_text() for each in told):
    time.sleep(0.01)
print("all at work", flush=True)
time.sleep(60)
"""


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[Executor]:
    with ENGINES[request.param]() as found:
        yield found


@pytest.fixture(params=APART)
def apart(request: pytest.FixtureRequest) -> Callable[[float], Executor]:
    return APART[request.param]


def fail(what: str) -> None:
    raise InputError(what, hint="try again", place=Place("here", 7))


def say(host: str) -> str:
    tell(begun(host, Stage.CONNECT))
    tell(done(host, Stage.COLLECT, "all of it"))
    return host


def reveal(secret: Secret) -> str:
    return secret.reveal()[::-1]


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def write_pid(path: str) -> None:
    Path(path).write_text(str(os.getpid()))
    time.sleep(60)


def test_it_returns_what_the_function_does(engine: Executor) -> None:
    assert engine.submit(pow, 2, 10).result() == 1024
    assert engine.submit(int, "ff", base=16).result() == 255
    assert list(engine.map(abs, [-1, 2, -3])) == [1, 2, 3]


def test_it_raises_what_the_function_does_and_goes_on(engine: Executor) -> None:
    failed = engine.submit(fail, "no such thing")
    error = failed.exception()
    assert isinstance(error, InputError)
    assert str(error) == "here:7: no such thing (try again)"
    assert engine.submit(abs, -1).result() == 1


def test_results_can_be_waited_for_together(engine: Executor) -> None:
    futures = [engine.submit(abs, number) for number in range(-5, 0)]
    assert wait(futures, timeout=30).not_done == set()
    assert sorted(each.result() for each in as_completed(futures)) == [1, 2, 3, 4, 5]


def test_events_arrive_in_order_before_the_result(engine: Executor) -> None:
    events: list[Event] = []
    watch(engine, events.append)
    assert engine.submit(say, "web-1").result() == "web-1"
    assert events == [begun("web-1", Stage.CONNECT), done("web-1", Stage.COLLECT, "all of it")]


def test_events_are_kept_until_somebody_watches(engine: Executor) -> None:
    engine.submit(say, "web-1").result()
    events: list[Event] = []
    watch(engine, events.append)
    assert [event.stage for event in events] == [Stage.CONNECT, Stage.COLLECT]


def test_secrets_reach_the_work(engine: Executor) -> None:
    assert engine.submit(reveal, Secret("password")).result() == "drowssap"


@pytest.mark.parametrize("make", ENGINES.values(), ids=ENGINES)
def test_no_work_is_taken_after_shutdown(make: Callable[[], Executor]) -> None:
    engine = make()
    pending = engine.submit(abs, -1)
    engine.shutdown()
    engine.shutdown()
    assert pending.result() == 1
    with pytest.raises(RuntimeError):
        engine.submit(abs, -1)


def test_an_executor_of_another_make_tells_nothing() -> None:
    with ThreadPoolExecutor(1) as other:
        watch(other, lambda _: pytest.fail("an event"))
        assert other.submit(say, "web-1").result() == "web-1"


def test_work_that_takes_too_long_is_ended(apart: Callable[[float], Executor]) -> None:
    began = time.monotonic()
    with apart(0.3) as engine, pytest.raises(TimeoutError):
        engine.submit(time.sleep, 60).result()
    assert time.monotonic() - began < 10


def test_a_process_that_dies_is_an_error(apart: Callable[[float], Executor]) -> None:
    with apart(60) as engine, pytest.raises(WorkerEnded):
        engine.submit(die).result()


def test_in_processes_of_their_own_neither_death_nor_delay_touches_the_others() -> None:
    # Preloaded: a process that first has to import this module may need longer than the limit on a busy machine.
    with Processes(2, longest_s=2.0, preload=(__name__,)) as engine:
        dead, late = engine.submit(die), engine.submit(time.sleep, 60)
        others = [engine.submit(abs, number) for number in range(-4, 0)]
        assert isinstance(dead.exception(), WorkerEnded)
        assert isinstance(late.exception(), TimeoutError)
        assert [each.result() for each in others] == [4, 3, 2, 1]


def test_no_more_processes_than_allowed_run_at_once() -> None:
    with Processes(2, preload=()) as engine:
        spans = list(engine.map(_span, range(5)))
    at_once = [sum(begin <= at < end for begin, end in spans) for at, _ in spans]
    assert max(at_once) == 2


def _span(_: int) -> tuple[float, float]:
    begin = time.monotonic()
    time.sleep(0.2)
    return begin, time.monotonic()


def test_work_that_is_not_waited_for_is_ended_at_once(apart: Callable[[float], Executor], tmp_path: Path) -> None:
    engine, told = apart(60), tmp_path / "pid"
    pending = engine.submit(write_pid, str(told))
    while not (told.exists() and told.read_text()):
        time.sleep(0.01)
    engine.shutdown(wait=False, cancel_futures=True)
    assert isinstance(pending.exception(timeout=10), WorkerEnded)
    assert not Path(f"/proc/{told.read_text()}").exists()


def test_every_process_ends_with_the_one_that_made_it(tmp_path: Path) -> None:
    """Also where that is killed, and can say nothing."""
    with subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        started = [each for each in tmp_path.iterdir() if each.read_text()]
        process.kill()
    assert len(started) == 3
    for each in started:
        assert wait_until_gone(int(each.read_text()))


def list_processes(_: int) -> tuple[int, int]:
    time.sleep(0.5)
    return os.getpid(), os.getppid()


def test_sigterm_to_every_process_leaves_it_to_the_parent_what_ends(tmp_path: Path) -> None:
    started = tmp_path / "pid"
    with Processes(2, preload=()) as processes:
        child, server = processes.submit(list_processes, 0).result()
        assert child != server
        slow = processes.submit(end_later, str(started))
        while not (started.exists() and started.read_text()):
            time.sleep(0.01)
        for pid in (server, int(started.read_text())):
            os.kill(pid, signal.SIGTERM)
        assert slow.result() == -signal.SIGTERM, "a program that was started ends by SIGTERM all the same"
        assert processes.submit(list_processes, 0).result()[1] == server


def end_later(path: str) -> int:
    write_pid_of(path)
    time.sleep(0.5)
    with subprocess.Popen(["sleep", "60"]) as program:
        program.terminate()
        return program.wait()


def write_pid_of(path: str) -> None:
    Path(path).write_text(str(os.getpid()))


def test_threads_that_submit_at_the_same_time() -> None:
    found: list[int] = []
    with Processes(3, preload=()) as engine:
        threads = [threading.Thread(target=lambda: found.append(engine.submit(abs, -1).result())) for _ in range(6)]
        for each in threads:
            each.start()
        for each in threads:
            each.join(30)
    assert found == [1] * 6


_shared: list[str] = []


def keep_shared(what: str) -> None:
    _shared.append(what)


def tell_shared() -> list[str]:
    return list(_shared)


@pytest.mark.parametrize("name", ["inline", "processes"])
def test_what_is_shared_is_there_for_all_later_work(name: str) -> None:
    with ENGINES[name]() as engine:
        _shared.clear()
        share(engine, keep_shared, "a registry")
        assert [engine.submit(tell_shared).result() for _ in range(3)] == [["a registry"]] * 3
        share(engine, keep_shared, "another")
        assert engine.submit(tell_shared).result() == ["a registry", "another"]
    assert _shared == (["a registry", "another"] if name == "inline" else [])


@pytest.mark.parametrize("name", ["inline", "processes"])
def test_sharing_raises_what_the_function_does_and_work_goes_on(name: str) -> None:
    with ENGINES[name]() as engine:
        with pytest.raises(InputError, match=r"here:7: no such thing"):
            share(engine, fail, "no such thing")
        assert engine.submit(abs, -1).result() == 1


def test_sharing_after_the_end_is_an_error() -> None:
    engine = Processes(1, preload=())
    engine.shutdown()
    with pytest.raises(WorkerEnded):
        share(engine, keep_shared, "too late")
