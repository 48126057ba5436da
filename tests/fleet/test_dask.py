"""qtctl audit --engine dask://…: the same report as on this machine, whatever becomes of workers and scheduler."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import warm
from tests.adapters.servers import free_port
from tests.cli.world import ROOT, Ran, build, environment, qtctl
from tests.engines.dask_cluster import Cluster, cluster, wait_for
from tests.engines.test_child_process import wait_until_gone
from tests.fleet.test_audit import HOST
from tests.live.box import Box
from tests.live.box import qtctl as live

NAMES = ("db-1", "web-1", "web-2", "web-3")
PASSWORD = "REDIS_PASSWORD"
LARGE = pytest.mark.skipif("QTCTL_LARGE" not in os.environ, reason="takes 30 s: set QTCTL_LARGE=1")


def write_hosts(folder: Path, ports: dict[str, int]) -> Path:
    """A registry of these hosts, all on this machine."""
    build(folder)
    hosts = "".join(HOST.format(name=name, port=port) for name, port in ports.items())
    (folder / "registry" / "hosts.toml").write_text(hosts)
    every = ", ".join(f'"{name}"' for name in ports)
    for path in (folder / "registry" / "services").iterdir():
        path.write_text(f"hosts = [{every}]\n{path.read_text()}")
    return folder


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """Nobody listens where these hosts are said to be."""
    return write_hosts(tmp_path / "desk", {name: free_port() for name in NAMES})


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster")) as found:
        found.add_worker("one", env={PASSWORD: "canary-password"})
        found.add_worker("other", env={PASSWORD: "canary-password"})
        found.wait_for_workers("one", "other")
        yield found


def audit(desk: Path, *argv: str, engine: str = "", env: dict[str, str] | None = None) -> Ran:
    named = ("--engine", engine) if engine else ()
    env = environment(desk, QTCTL_KEEP="off", **(env or {}))
    code, out, err = warm.run(("audit", *argv, *named), cwd=desk, env=env, timeout_s=200)
    return Ran(code, out.decode(), err.decode())


def remove_times(report: Any) -> Any:
    """A report without what differs between two looks at the same hosts."""
    if isinstance(report, dict):
        return {key: remove_times(value) for key, value in report.items() if key not in ("taken_at", "baseline", "at")}
    return [remove_times(each) for each in report] if isinstance(report, list) else report


def test_the_report_is_the_one_of_this_machine(desk: Path, two: Cluster) -> None:
    here = audit(desk, "--all-hosts", "--all", "--format", "json")
    there = audit(desk, "--all-hosts", "--all", "--format", "json", env={"QTCTL_ENGINE": two.address})
    assert (here.code, there.code) == (3, 3), there.err
    expected = remove_times(json.loads(here.out))
    assert remove_times(json.loads(there.out)) == expected
    alone = audit(desk, "--host", NAMES[1], "--all", "--format", "json", engine=two.address)
    assert remove_times(json.loads(alone.out)) == expected["hosts"][1]
    assert alone.code == 3


@LARGE
def test_evidence_and_progress_come_back_and_passwords_stay_there(desk: Path, two: Cluster) -> None:
    stores = desk / "registry" / "stores.toml"
    stores.write_text(stores.read_text() + f'password_env = "{PASSWORD}"\n')
    (desk / "evidence").mkdir()
    ran = audit(desk, "--all-hosts", "--save", "evidence", "--format", "json", engine=two.address)
    assert ran.code == 3, ran.err
    saved = {path.name: path.read_text() for path in (desk / "evidence").iterdir()}
    assert set(saved) == {f"{name}.json" for name in NAMES}
    assert "canary" not in "".join((ran.out, ran.err, *saved.values()))
    stores.write_text(stores.read_text().replace(PASSWORD, "ANOTHER_PASSWORD"))
    ran = audit(desk, "--all-hosts", engine=two.address)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: a password is not set: worker tcp://")
    assert ran.err.count("without ANOTHER_PASSWORD") == 2
    assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("argv", "engine", "code", "said"),
    [
        (("--all-hosts",), "dask", 2, "error: 'dask' is not an engine (one of processes, dask://HOST[:PORT], tls"),
        (("--all-hosts",), "tcp://10.0.0.7", 2, "error: tcp://10.0.0.7:8786: a scheduler on another machine is spoken"),
        (
            ("--all-hosts",),
            "dask://10.0.0.7",
            2,
            "error: dask://10.0.0.7:8786: Dask's configuration has no certificate",
        ),
        (
            ("--host", "web-1"),
            "dask://127.0.0.1:1",
            3,
            "error: the scheduler at dask://127.0.0.1:1 does not answer: conn",
        ),
        (
            ("--from", "evidence.json"),
            "dask://127.0.0.1",
            2,
            "error: --engine asks hosts, and none is named (name them",
        ),
        (("--host", "web-1,web-2", "--as", "db-1"), "dask://127.0.0.1", 2, "error: --as is for one host"),
    ],
)
def test_what_is_wrong_is_one_line(desk: Path, argv: tuple[str, ...], engine: str, code: int, said: str) -> None:
    ran = audit(desk, *argv, engine=engine)
    assert (ran.code, ran.out) == (code, "")
    assert ran.err.startswith(said)
    assert len(ran.err.splitlines()) == 1


def test_an_unchecked_registry_makes_no_connection(desk: Path) -> None:
    (desk / "registry" / "fleet.toml").write_text("nonsense = 1\n")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)
        ran = audit(desk, "--all-hosts", engine=f"tcp://127.0.0.1:{listening.getsockname()[1]}")
        assert ran.code == 2
        with pytest.raises(TimeoutError):
            listening.accept()


WITHOUT = """
import sys
sys.modules["distributed"] = None
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name == "distributed" else found(name, *more)
sys.argv = ["qtctl", *sys.argv[1:]]
from qtctl.__main__ import main
main()
"""


def test_without_the_extra_the_command_to_install_it_is_shown(desk: Path) -> None:
    argv = (sys.executable, "-c", WITHOUT, "audit", "--all-hosts", "--engine", "dask://127.0.0.1")
    ran = subprocess.run(argv, cwd=desk, env=environment(desk), capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == 'error: dask://127.0.0.1:8786: Dask is not installed (pip install "qtctl[dask]")\n'


@pytest.mark.parametrize("command", ["deploy", "plan", "rollback"])
def test_what_changes_a_host_takes_no_engine(desk: Path, two: Cluster, command: str) -> None:
    ran = qtctl(desk, command, "--host", "web-1", "--engine", two.address)
    assert ran.code == 2
    assert "no such option: --engine" in ran.err


class Hanging:
    """Hosts that take a connection and then say nothing."""

    def __init__(self) -> None:
        self._sockets = {name: socket.create_server(("127.0.0.1", 0)) for name in NAMES}

    @property
    def ports(self) -> dict[str, int]:
        return {name: each.getsockname()[1] for name, each in self._sockets.items()}

    def count_asked(self) -> int:
        """How many of them a worker has connected to."""
        listening = {f"{each.getsockname()[1]:04X}" for each in self._sockets.values()}
        lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
        return len({line.split()[2][-4:] for line in lines if line.split()[3] == "01"} & listening)

    def close(self) -> None:
        for each in self._sockets.values():
            each.close()


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    found = Hanging()
    yield found
    found.close()


def begin(desk: Path, engine: str) -> "subprocess.Popen[str]":
    argv = (sys.executable, "-m", "qtctl", "audit", "--all-hosts", "--engine", engine, "--format", "json")
    env = environment(desk, QTCTL_KEEP="off")
    return subprocess.Popen(argv, cwd=desk, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def list_children(worker: "subprocess.Popen[bytes]") -> list[int]:
    """Its processes, and theirs."""
    found, parents = [], {worker.pid}
    for path in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name)):
        try:
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
        if parent in parents:
            parents.add(int(path.name))
            found.append(int(path.name))
    return found


def test_ctrl_c_ends_it_at_once_and_the_workers_stop_by_themselves(
    two: Cluster, hanging: Hanging, tmp_path: Path
) -> None:
    desk = write_hosts(tmp_path / "desk", hanging.ports)
    with begin(desk, two.address) as process:
        wait_for(lambda: hanging.count_asked() >= 4)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
        took = time.monotonic() - began
    assert process.returncode == 130, err
    assert took < 5.0  # the hosts would take twice as long
    assert "interrupted" in err
    wait_for(lambda: hanging.count_asked() == 0)


@LARGE
def test_a_worker_dies_and_then_the_scheduler(hanging: Hanging, tmp_path: Path) -> None:
    desk = write_hosts(tmp_path / "desk", hanging.ports)
    with cluster(tmp_path / "cluster", "one", "other") as found:
        with begin(desk, found.address) as process:
            wait_for(lambda: hanging.count_asked() >= 4)
            found.workers["one"].kill()
            out, err = process.communicate(timeout=120)
        # What the dead worker had begun, the other one has asked again.
        assert process.returncode == 3, err
        assert all("no SSH handshake" in why for why in list_reasons(out))
        with begin(desk, found.address) as process:
            wait_for(lambda: hanging.count_asked() >= 2)
            children = list_children(found.workers["other"])
            found.scheduler.kill()
            out, err = process.communicate(timeout=120)
        assert process.returncode == 3, err
        assert all("the connection to the scheduler is lost" in why for why in list_reasons(out))
        assert all(wait_until_gone(pid) for pid in children)


def list_reasons(out: str) -> set[str]:
    found = {host["host"]: {check["reason"] for check in host["unknowns"]} for host in json.loads(out)["hosts"]}
    assert found.keys() == set(NAMES)
    assert all(found.values())
    return set.union(*found.values())


@pytest.mark.lab
def test_a_lab_host_is_audited_by_another_worker_if_its_own_dies_halfway(box: Box, tmp_path: Path) -> None:
    """The report is one of this machine's before or after: what timers start meanwhile is one thing more to judge."""
    alone = ("audit", "--host", box.name, "--format", "json")
    before = live(*alone)
    with cluster(tmp_path / "cluster", "one", "other") as found:
        argv = (sys.executable, "-m", "qtctl", *alone, "--engine", found.address)
        with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            wait_for(lambda: bool(list_asking(found)), "no worker asks")
            asking = list_asking(found)[0]
            children = list_children(found.workers[asking])
            found.workers[asking].kill()
            out, err = process.communicate(timeout=120)
    assert process.returncode == before.code, err
    assert all(wait_until_gone(pid) for pid in children)
    after = live(*alone)
    assert remove_times(json.loads(out)) in (remove_times(before.json()), remove_times(after.json()))


def list_asking(found: Cluster) -> list[str]:
    """Workers with a process that asks a host, beside the one that it was forked from."""
    return [name for name, worker in found.workers.items() if len(list_children(worker)) > 1]
