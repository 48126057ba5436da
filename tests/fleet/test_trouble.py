"""Hosts that hang, drop, flood or lie cost their own deadline; Ctrl-C ends everything and reports what is known."""

import json
import os
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.servers import free_port
from tests.cli.world import PROGRAM, Ran, build, environment, qtctl
from tests.fleet.troubles import Server, begin_and_stop, drop, send_without_end, serve, stay_silent

HOST = """
[{name}]
address = "127.0.0.1"
ssh_port = {port}
audit_user = "audit"
deploy_user = "ops"
memory = "4G"
cpus = 2
"""
DEADLINE_S = 6.0
HANGING = 20


def build_fleet(folder: Path, ports: Mapping[str, int]) -> None:
    build(folder)
    registry = folder / "registry"
    (registry / "hosts.toml").write_text("".join(HOST.format(name=name, port=ports[name]) for name in ports))
    every = json.dumps(list(ports))
    for path in (registry / "services").iterdir():
        path.write_text(f"hosts = {every}\n{path.read_text()}")


def audit(folder: Path, *argv: str) -> Ran:
    return qtctl(folder, "audit", "--all-hosts", "--format", "json", *argv)


def find_reasons(document: Any) -> dict[str, str]:
    return {host["address"]: host["unreachable"] for host in document["hosts"]}


def test_each_host_costs_its_own_deadline(tmp_path: Path) -> None:
    """All of them one after the other, each with its deadline, would take twice as long."""
    kinds = {f"silent-{number}": stay_silent for number in range(HANGING)}
    kinds |= {"half": begin_and_stop, "flood": send_without_end, "drops": drop}
    with ExitStack() as stack:
        servers: dict[str, Server] = {name: stack.enter_context(serve(kind)) for name, kind in kinds.items()}
        build_fleet(tmp_path, {"refused": free_port()} | {name: each.port for name, each in servers.items()})
        began = time.monotonic()
        ran = audit(tmp_path, "--deadline", str(DEADLINE_S), "--at-once", "32")
        took = time.monotonic() - began
    reasons = find_reasons(json.loads(ran.out))
    assert ran.code == 3
    assert "connection refused" in reasons["refused"]
    for name in kinds:
        assert "no SSH handshake" in reasons[name], reasons
    assert took < HANGING * DEADLINE_S / 2
    # Whatever may pass is tried again, as long as there is time.
    assert 1 <= servers["drops"].accepted <= 3
    assert 1 <= servers["silent-0"].accepted <= 2


def test_progress_is_counted(tmp_path: Path) -> None:
    build_fleet(tmp_path, {"one": free_port(), "two": free_port()})
    ran = audit(tmp_path, "--deadline", "5")
    lines = ran.err.splitlines()
    assert lines[0] == "connecting to 2 hosts"
    assert lines[-1].startswith("judged 2 of 2, failed 2")


@contextmanager
def started(folder: Path, *argv: str) -> Iterator["tuple[subprocess.Popen[bytes], str]"]:
    """The command in a process group of its own, and a mark that the environment of all its processes has."""
    mark = uuid.uuid4().hex
    env = environment(folder, QTCTL_KEEP="off", MARK_OF_TEST=mark)
    process = subprocess.Popen(
        [*PROGRAM, "audit", *argv],
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield process, mark
    finally:
        process.kill()
        process.communicate()


def wait_until(holds: Callable[[], bool], seconds: float = 40.0) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


def list_marked(mark: str) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_it_and_reports_what_is_known(tmp_path: Path, number: int) -> None:
    with serve(stay_silent) as silent, serve(drop) as drops:
        ports = {"drops": drops.port} | {f"silent-{number}": silent.port for number in range(4)}
        build_fleet(tmp_path, ports)
        with started(tmp_path, "--all-hosts", "--format", "json", "--at-once", "3") as (process, mark):
            # The host that drops has been tried for the last time, and its place is taken by another silent one.
            wait_until(lambda: drops.accepted == 3 and silent.open == 3)
            began = time.monotonic()
            os.killpg(process.pid, number)  # as a terminal and systemd do
            out, err = process.communicate(timeout=20)
            took = time.monotonic() - began
            wait_until(lambda: not list_marked(mark))
        wait_until(lambda: silent.open == 0)
    document = json.loads(out)
    assert process.returncode == 130
    assert [host["address"] for host in document["hosts"]] == ["drops"]
    assert document["not_examined"] == [f"silent-{number}" for number in range(4)]
    assert document["verdict"] == "incomplete"
    assert "interrupted" in err.decode()
    assert took < 10  # each silent host would take three times as long


def test_an_interrupt_before_anything_is_known(tmp_path: Path) -> None:
    with serve(stay_silent) as silent:
        build_fleet(tmp_path, {"one": silent.port, "two": silent.port})
        with started(tmp_path, "--all-hosts", "--format", "md") as (process, _):
            wait_until(lambda: silent.open > 0)
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Interrupted: 0 of 2 hosts were audited; not audited: one, two." in out.decode()
