"""The engine on other machines: a real scheduler and real workers, in processes of their own on this one."""

import re
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path

import dask
import distributed
import pytest

from qtctl.engines.child_process import WorkerEnded
from qtctl.engines.dask import Dask
from qtctl.engines.relay import watch
from qtctl.engines.scheduler import parse_engine
from qtctl.errors import HostError, InputError
from qtctl.model.events import Event, Stage, begun, done
from qtctl.model.secret import Secret
from qtctl.version import VERSION
from tests.adapters.servers import free_port
from tests.cli.world import ROOT
from tests.engines import dask_work
from tests.engines.certificates import Authority
from tests.engines.dask_cluster import Cluster, cluster, copy_package, wait_for
from tests.engines.test_child_process import wait_until_gone

SOON_S = 8.0
"""For what ends without waiting for anything, on a busy machine."""


def start(where: Cluster | str, *, variables: Sequence[str] = (), longest_s: float = 60.0) -> Dask:
    scheduler = parse_engine(where if isinstance(where, str) else where.address)
    assert scheduler is not None
    engine = Dask(scheduler, longest_s=longest_s)
    try:
        return engine.connect(variables)
    except BaseException:
        engine.shutdown(wait=False)
        raise


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster")) as found:
        found.add_worker("one", env={"STORE_PASSWORD": "canary"})
        found.add_worker("other")
        found.wait_for_workers("one", "other")
        yield found


@pytest.fixture
def engine(two: Cluster) -> Iterator[Dask]:
    with start(two) as found:
        yield found


def list_pids(folder: Path) -> list[int]:
    return [int(line) for path in folder.iterdir() for line in path.read_text().split()]


def test_it_returns_and_raises_what_the_function_does(engine: Dask) -> None:
    futures = [engine.submit(dask_work.double, number) for number in range(20)]
    failed = engine.submit(dask_work.fail, "no such thing").exception()
    assert [each.result() for each in futures] == list(range(0, 40, 2))
    assert isinstance(failed, InputError)
    assert str(failed) == "here:7: no such thing (try again)"


def test_events_arrive_in_order_before_the_result(engine: Dask) -> None:
    events: list[Event] = []
    watch(engine, events.append)
    assert engine.submit(dask_work.say, "web-1").result() == "web-1"
    assert events == [begun("web-1", Stage.CONNECT), done("web-1", Stage.COLLECT, "all of it")]


def test_no_secret_travels_and_nothing_that_changes_a_host(engine: Dask) -> None:
    with pytest.raises(TypeError, match="a secret is not pickled"):
        engine.submit(dask_work.double, Secret("password"))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="change_something is not run on other machines"):
        engine.submit(dask_work.change_something)
    assert engine.submit(dask_work.double, 1).result() == 2


def test_what_is_shared_is_sent_once_and_does_not_mix_with_that_of_others(two: Cluster, tmp_path: Path) -> None:
    first, second = start(two), start(two)
    traces = {each: str(tmp_path / each) for each in ("a", "b")}
    with first, second:
        first.share(dask_work.leave_shared, "a", traces["a"])
        second.share(dask_work.leave_shared, "b", traces["b"])
        pairs = [(first.submit(dask_work.read_shared), second.submit(dask_work.read_shared)) for _ in range(8)]
        assert {(one.result()[0], other.result()[0]) for one, other in pairs} == {("a", "b")}
    for name, trace in traces.items():
        assert set(Path(trace).read_text().split()) == {name}
        assert len(Path(trace).read_text().split()) <= len(two.workers)


def test_work_that_hangs_or_dies_costs_only_its_own_result(two: Cluster) -> None:
    with start(two, longest_s=1.0) as engine:
        late, dead = engine.submit(dask_work.nap, 60.0), engine.submit(dask_work.die)
        assert isinstance(late.exception(), TimeoutError)
        assert isinstance(dead.exception(), WorkerEnded)
        assert engine.submit(dask_work.double, 2).result() == 4


def test_what_nobody_waits_for_is_ended_by_the_workers(two: Cluster, tmp_path: Path) -> None:
    engine = start(two)
    futures = [engine.submit(dask_work.take_time, str(tmp_path), f"{number}", 60.0) for number in range(9)]
    wait_for(lambda: len(list_pids(tmp_path)) == 4)
    began = time.monotonic()
    engine.shutdown(wait=False, cancel_futures=True)
    assert time.monotonic() - began < 1.0
    assert {type(each.exception()) for each in futures} == {WorkerEnded}
    assert all(wait_until_gone(pid) for pid in list_pids(tmp_path))
    assert len(list_pids(tmp_path)) == 4
    with pytest.raises(RuntimeError):
        engine.submit(dask_work.double, 1)


KILLED = """
import sys, time
from tests.engines import dask_work
from tests.engines.test_dask import start
engine = start(sys.argv[1])
engine.submit(dask_work.take_time, sys.argv[2], "work", 60.0)
time.sleep(60)
"""


def test_work_ends_with_a_caller_that_is_killed(two: Cluster, tmp_path: Path) -> None:
    argv = [sys.executable, "-c", KILLED, two.address, str(tmp_path)]
    with subprocess.Popen(argv, cwd=ROOT) as process:
        wait_for(lambda: len(list_pids(tmp_path)) == 1)
        process.kill()
    assert all(wait_until_gone(pid) for pid in list_pids(tmp_path))


def test_a_dead_worker_s_work_is_done_by_another_and_without_scheduler_all_work_ends(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "last").mkdir()
    with cluster(tmp_path / "cluster", "one", "other") as found, start(found) as engine:
        engine.share(dask_work.leave_shared, "shared" * 1000, str(tmp_path / "trace"))
        futures = [engine.submit(dask_work.take_time, str(tmp_path / "work"), f"{n}", 0.5) for n in range(12)]
        wait_for(lambda: len(list_pids(tmp_path / "work")) == 4)
        found.workers["one"].kill()
        assert [each.result(timeout=60) for each in futures] == [f"{n}" for n in range(12)]
        begun = [len((tmp_path / "work" / f"{n}").read_text().split()) for n in range(12)]
        assert sum(begun) <= 12 + 2
        futures = [engine.submit(dask_work.take_time, str(tmp_path / "last"), f"{n}", 60.0) for n in range(3)]
        wait_for(lambda: len(list_pids(tmp_path / "last")) == 2)
        found.scheduler.kill()
        began = time.monotonic()
        errors = [each.exception(timeout=60) for each in futures]
        assert time.monotonic() - began < SOON_S
        assert {str(each) for each in errors} == {"the connection to the scheduler is lost"}
        assert all(wait_until_gone(pid) for pid in list_pids(tmp_path / "last"))


def test_a_worker_of_another_version_gets_no_work(tmp_path: Path) -> None:
    other = {"PYTHONPATH": f"{copy_package(tmp_path, '9.9.9')}:{ROOT}"}
    with cluster(tmp_path / "cluster", "one") as found:
        engine = start(found)
        found.add_worker("other", env=other)
        found.wait_for_workers("other")
        with pytest.raises(InputError, match=rf"this is qtctl {VERSION}, but worker tcp://\S+ has 9\.9\.9 \(install"):
            start(found)
        # It has joined after the check: what it is given, it gives back.
        with engine:
            futures = [engine.submit(dask_work.double, number) for number in range(8)]
            assert [each.result(timeout=60) for each in futures] == list(range(0, 16, 2))
        found.workers["one"].kill()
        wait_for(lambda: "Remove worker" in found.read_log("scheduler"))
        with pytest.raises(InputError, match=r"has 9\.9\.9"):
            start(found)


def test_passwords_come_from_the_environment_of_the_worker(two: Cluster) -> None:
    said = r"a password is not set: worker tcp://\S+ without STORE_PASSWORD \("
    with pytest.raises(InputError, match=said) as caught:
        start(two, variables=("PATH", "STORE_PASSWORD"))
    assert "canary" not in str(caught.value)
    with start(two, variables=("PATH",)) as engine:
        read = [engine.submit(dask_work.read_variable, "STORE_PASSWORD") for _ in range(20)]
        assert {each.result() for each in read} == {"canary", None}


@pytest.mark.parametrize("listening", [False, True])
def test_a_scheduler_that_does_not_answer_is_one_error_soon(listening: bool) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        if listening:
            silent.listen()
        began = time.monotonic()
        with pytest.raises(HostError, match="does not answer") as caught:
            start(f"tcp://127.0.0.1:{silent.getsockname()[1]}")
        assert time.monotonic() - began < SOON_S
        assert "\n" not in str(caught.value)


def configure(authority: Path, certificate: Path) -> "dask.config.set":
    assert distributed.__version__  # with it come the defaults, which this goes on top of
    found = {"ca-file": str(authority), "client.cert": str(certificate)}
    return dask.config.set({f"distributed.comm.tls.{key}": value for key, value in found.items()})


EXAMPLE = ROOT / "docs/examples/audit-cluster"


def read_command(service: str, **ports: int) -> list[str]:
    """What a service of the example runs, on this machine and with other ports."""
    argv: list[str] = tomllib.loads((EXAMPLE / f"services/{service}.toml").read_text())["run"]["argv"]
    own = [each for each in argv[1:] if not each.startswith(("tls://", "/")) and each != "--local-directory"]
    return [re.sub(r"[0-9]{4}$", lambda port: str(ports[f"p{port[0]}"]), each) for each in own]


def test_with_tls_only_those_with_a_certificate_get_in(tmp_path: Path) -> None:
    """As the services of the example are started, with its settings."""
    ours, theirs = Authority(tmp_path / "ours"), Authority(tmp_path / "theirs")
    scheduler, health, worker = free_port(), free_port(), free_port()
    settings = tomllib.loads((EXAMPLE / "fleet.toml").read_text())["defaults"]["env"]
    places = {"/etc/auditors/tls/ca.pem": str(ours.file), "/etc/auditors/tls/host.pem": str(ours.issue("host"))}
    example = cluster(
        tmp_path / "cluster",
        env={name: places.get(value, value) for name, value in settings.items()},
        scheduler=[*read_command("scheduler", p8786=scheduler, p8787=health), "--host", "127.0.0.1"],
        worker=[*read_command("worker", p8789=worker), "--host", "127.0.0.1"],
    )
    with example as found:
        assert found.address == f"tls://127.0.0.1:{scheduler}"
        with urllib.request.urlopen(f"http://127.0.0.1:{health}/health") as answer:
            assert answer.status == 200
        with configure(ours.file, ours.issue("caller")), pytest.raises(HostError, match="has no workers"):
            start(found.address)
        found.add_worker("one")
        found.wait_for_workers("one")
        with configure(ours.file, ours.issue("caller")), start(f"dask://127.0.0.1:{scheduler}") as engine:
            assert engine.submit(dask_work.double, 2).result() == 4
        with pytest.raises(InputError, match="has no certificate for TLS"):
            start(found.address)
        stranger, plain = configure(theirs.file, theirs.issue("caller")), f"tcp://127.0.0.1:{scheduler}"
        for how, what in ((stranger, found.address), (nullcontext(), plain)):
            began = time.monotonic()
            with how, pytest.raises(HostError, match="does not answer") as caught:
                start(what)
            assert time.monotonic() - began < SOON_S
            assert len(str(caught.value).splitlines()) == 1
        with configure(ours.file, tmp_path / "none.pem"), pytest.raises(InputError, match="cannot be used"):
            start(found.address)
