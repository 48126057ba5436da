"""A real sshd on which nothing answers costs its own deadline, and no session of it is left."""

import os
import time
from pathlib import Path

import pytest

from qtctl.adapters.files import read_registry, read_templates
from qtctl.engines import connect as room
from qtctl.engines.processes import Processes
from qtctl.fleet.audit import examine_hosts, plan_examinations
from qtctl.fleet.basis import make_basis
from qtctl.fleet.examine import Examination, HostResult, Judging, examine
from qtctl.model.route import Route
from qtctl.registry.load import load
from tests.adapters import servers
from tests.adapters.servers import free_port
from tests.fleet.test_jump_host import list_sessions
from tests.fleet.test_trouble import build_fleet, wait_until

pytestmark = pytest.mark.skipif(bool(servers.missing()), reason=f"not installed: {servers.missing()}")
CONFIG = "CONFIG_OF_TEST"
DEADLINE_S = 5.0


def examine_there(task: Examination) -> HostResult:
    """`examine`, with the client config of the test for all hosts."""
    vars(room).update(make_undeclared_route=lambda target, _: Route(target, None, os.environ[CONFIG]))
    return examine(task)


@pytest.mark.parametrize("interrupted", [False, True])
def test_it_costs_its_deadline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interrupted: bool) -> None:
    build_fleet(tmp_path, {"hangs": free_port(), "hangs-too": free_port()})
    files = read_registry(tmp_path / "registry")
    basis = make_basis(load(files), files, read_templates(None))
    tasks = plan_examinations(basis, ("hangs", "hangs-too"), Judging(), deadline_s=60.0 if interrupted else DEADLINE_S)
    with servers.sshd(tmp_path / "sshd", options=["ForceCommand exec sleep 40"]) as server:
        monkeypatch.setenv(CONFIG, str(server.config("hangs*")))
        engine = Processes(2, preload=("qtctl.fleet.examine", __name__))
        try:
            results = examine_hosts(
                engine, basis, tasks, ahead=2, work=examine_there,
                stopped=lambda: interrupted and bool(list_sessions(server)),
            )  # fmt: skip
            began = time.monotonic()
            found = list(results)
        finally:
            engine.shutdown(wait=False, cancel_futures=True)
        took = time.monotonic() - began
        wait_until(lambda: not list_sessions(server))
    assert took < 2 * 40
    assert len(found) == (0 if interrupted else 2)
    for each in found:
        assert each.report.totals.unknown > 0
        assert each.report.totals.holds < each.report.totals.total / 2
