"""Unix sockets of this machine, asked for and judged as those of any host."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qtctl.adapters.clock import SystemClock
from qtctl.adapters.local import LocalHost
from qtctl.audit.judge import judge
from qtctl.collect.collect import collect
from qtctl.findings.finding import Finding, Outcome
from qtctl.model.desired import Desired
from qtctl.model.desired_unit import UnixListener
from qtctl.model.evidence import Need
from qtctl.model.inquiry import build_inquiry
from tests.builders.desired import build_host, build_service
from tests.collect.small import ORIGIN

OPEN = 0o666


@contextmanager
def listening(path: str, kind: int = socket.SOCK_STREAM) -> Iterator[None]:
    with socket.socket(socket.AF_UNIX, kind) as server:
        server.bind(path)
        Path(path).chmod(0o660)
        if kind != socket.SOCK_DGRAM:
            server.listen(1)
        yield


def host(path: Path, **changes: Any) -> Desired:
    declared = UnixListener("api", str(path), "root", "root", "0660", ORIGIN)
    return build_host(services=(replace(build_service("api", unix_sockets=(declared,)), **changes),))


def audit(wanted: Desired, path: Path) -> list[Finding]:
    asked = [Need("file", str(path)), Need("unix.socket", str(path))]
    with LocalHost() as here:
        evidence = collect(here, build_inquiry(wanted, asked), SystemClock())
    found = [each for each in judge(wanted, evidence) if each.id == "QT307" and each.outcome is not Outcome.HOLDS]
    for proof in (proof for each in found for proof in each.proof):
        ran = subprocess.run(["sh", "-c", proof.again], capture_output=True, text=True, check=False, timeout=10)
        assert proof.line in ran.stdout.splitlines(), (proof, ran.stdout)
    return found


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET])
def test_as_declared(kind: int, tmp_path: Path) -> None:
    path = tmp_path / "with space.sock"
    with listening(str(path), kind):
        assert audit(host(path), path) == []


def test_bound_by_another_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel says a path as the program did: by another way to the folder, or without any."""
    path = tmp_path / "api.sock"
    (tmp_path / "way").symlink_to(tmp_path)
    with listening(str(tmp_path / "way" / "api.sock")):
        assert audit(host(path), path) == []
    path.unlink()
    monkeypatch.chdir(tmp_path)
    with listening("api.sock"):
        assert audit(host(path), path) == []


def test_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    assert [each.observed for each in audit(host(path), path)] == [{"kind": "absent"}]
    with listening(str(path)):
        path.chmod(OPEN)
        assert [each.observed for each in audit(host(path), path)] == [{"mode": "0666"}]
        path.chmod(0o660)
    assert [each.observed for each in audit(host(path), path)] == [{"listening": False}]
    path.unlink()
    path.touch()
    assert [each.observed for each in audit(host(path), path)] == [{"kind": "file"}]


def test_a_network_of_its_own_hides_who_listens(tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    with listening(str(path)):
        pass
    assert audit(host(path, sandbox=(("PrivateNetwork", "yes"),)), path) == []
    assert len(audit(host(path, sandbox=(("PrivateNetwork", "no"),)), path)) == 1
