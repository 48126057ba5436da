"""Twelve hosts of three suites: audited while broken, deployed in batches, with a bad release and hosts in trouble."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from qtctl.lab import lab, state
from tests.cli.world import PROGRAM, environment
from tests.engines.dask_cluster import cluster, wait_for
from tests.fleet.test_dask import list_asking
from tests.machine import own_lab
from tests.rollouts.ground import BAD, GOOD, Ground, boot, plug

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(os.environ.get("QTCTL_ROLLOUTS") != "all", reason="takes 15 minutes: QTCTL_ROLLOUTS=all"),
]
SUITES = ("bookworm", "trixie", "bullseye")
NAMES = tuple(f"twelve{number}" for number in range(1, 13))
CANARY, UNPLUGGED, HANGING, LYING = NAMES[0], NAMES[3], NAMES[6], NAMES[9]
TROUBLED = {UNPLUGGED, HANGING, LYING}
BROKEN = {
    NAMES[1]: ("systemctl stop shop-web", "QT219"),
    NAMES[4]: ("printf '# tried\\nNice=5\\n' >>/etc/systemd/system/shop-web.service", "QT2"),
    NAMES[7]: ("systemctl disable -q shop-web", "QT2"),
    NAMES[10]: ("systemctl kill -s STOP shop-web", "QT"),
}
"""What is broken on a host, and the finding that says so; the last one is any."""
AUDIT = ("audit", "--tag", "web", "--format", "json")
LIES = "cd /usr/bin; mv find find.kept; printf '#!/bin/sh\\nexec yes lies\\n' >find; chmod 755 find"
TELLS_THE_TRUTH = "mv -f /usr/bin/find.kept /usr/bin/find"


@pytest.fixture(scope="module")
def twelve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("twelve")
    with own_lab(folder / ".lab"):
        for number, suite in enumerate(SUITES):
            boot(NAMES[number * 4 : number * 4 + 4], suite)
        ground = Ground(folder, NAMES)
        try:
            ground.release(GOOD, number=1)
            with took("the first deploy of twelve hosts"):
                first = ground.deploy("--batch", "1,25%,100%", "--at-once", "4")
            assert first.code == 0, first.ran.err
            yield ground
        finally:
            lab.down(list(NAMES))


@contextmanager
def took(what: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    sys.stderr.write(f"{what}: {time.monotonic() - began:.1f} s\n")


def send(name: str, number: signal.Signals) -> None:
    known = state.load(name)
    assert known is not None
    assert known.leader is not None
    os.kill(known.leader.pid, number)


@contextmanager
def in_trouble(ground: Ground) -> Iterator[None]:
    """One host is unplugged, on one PID 1 hangs, one lies."""
    ground.sh(LYING, LIES)
    plug(UNPLUGGED, "down")
    send(HANGING, signal.SIGSTOP)
    try:
        yield
    finally:
        send(HANGING, signal.SIGCONT)
        plug(UNPLUGGED, "up")
        ground.sh(LYING, TELLS_THE_TRUTH)


def list_hosts(text: str) -> dict[str, Any]:
    return {each["address"]: each for each in json.loads(text)["hosts"]}


def list_findings(hosts: dict[str, Any]) -> dict[str, tuple[str, set[tuple[str, str]]]]:
    """The verdict of each host, and what is wrong there."""
    return {
        name: (each["verdict"], {(found["id"], found["subject"]) for found in each["findings"]})
        for name, each in hosts.items()
    }


def audit_while_a_worker_dies(ground: Ground, folder: Path) -> str:
    with cluster(folder / "cluster", "one", "other") as found:
        argv = (*PROGRAM, *AUDIT, "--engine", found.address)
        env = environment(ground.folder)
        with subprocess.Popen(argv, cwd=ground.folder, env=env, stdout=subprocess.PIPE, text=True) as process:
            wait_for(lambda: bool(list_asking(found)), "no worker asks")
            found.workers[list_asking(found)[0]].kill()
            out, _ = process.communicate(timeout=300)
    return out


def test_each_is_audited_whatever_is_wrong_with_the_others(twelve: Ground, tmp_path: Path) -> None:
    for name, (script, _) in BROKEN.items():
        twelve.sh(name, script)
    try:
        with in_trouble(twelve):
            with took("an audit of twelve hosts, three of them in trouble"):
                ran = twelve.run(*AUDIT)
            with took("the same through Dask, with a worker killed halfway"):
                other = audit_while_a_worker_dies(twelve, tmp_path)
    finally:
        twelve.sh(NAMES[10], "systemctl kill -s CONT shop-web")
    hosts = list_hosts(ran.out)
    assert set(hosts) == set(NAMES)
    assert list_findings(list_hosts(other)) == list_findings(hosts)
    verdicts = {name: each["verdict"] for name, each in hosts.items()}
    assert {name for name, verdict in verdicts.items() if verdict == "as-declared"} == set(NAMES) - TROUBLED - {*BROKEN}
    assert {name for name, verdict in verdicts.items() if verdict == "not-as-declared"} >= {*BROKEN}
    assert {verdicts[name] for name in TROUBLED} == {"incomplete"}
    for name, (_, id_) in BROKEN.items():
        assert any(each["id"].startswith(id_) for each in hosts[name]["findings"]), hosts[name]["findings"]
    with took("a deploy that puts four of twelve hosts right"):
        healed = twelve.deploy("--batch", "100%", "--at-once", "4", "--take-over")
    assert healed.code == 0, healed.ran.err
    assert {name for name, end in healed.ends.items() if end == "deployed"} >= {NAMES[1], NAMES[4], NAMES[7]}


def test_a_bad_release_costs_the_canary_only(twelve: Ground) -> None:
    before, running = twelve.generations(), twelve.versions()
    assert set(running.values()) == {"1001"}
    twelve.release(BAD, number=0)
    with took("a bad release"):
        ended = twelve.deploy("--batch", "1,25%,100%", "--on-failure", "all")
    assert ended.code == 4
    assert ended.ends == {name: "restored" if name == CANARY else "not-reached" for name in NAMES}
    assert [len(batch) for batch in ended.document["batches"]] == [1, 3, 8]
    assert twelve.versions() == running
    assert twelve.generations() == {**before, CANARY: before[CANARY] + 1}


def test_hosts_in_trouble_are_named_and_left_out(twelve: Ground) -> None:
    twelve.release(GOOD, number=2)
    before = twelve.generations()
    with in_trouble(twelve):
        with took("planning twelve hosts, three of them in trouble"):
            ended = twelve.deploy("--batch", "1,25%,100%")
        assert ended.code == 4
        assert {name for name, end in ended.ends.items() if end == "refused"} == TROUBLED
        assert {end for name, end in ended.ends.items() if name not in TROUBLED} == {"not-reached"}
        with took("nine of twelve hosts"):
            ended = twelve.deploy("--batch", "1,25%,100%", "--at-once", "4", "--skip-refused")
        assert ended.code == 4
        assert {name for name, end in ended.ends.items() if end == "left-out"} == TROUBLED
        assert {end for name, end in ended.ends.items() if name not in TROUBLED} == {"deployed"}
    after = twelve.generations()
    assert {name for name in NAMES if after[name] == before[name]} == TROUBLED
    with took("the rest"):
        rest = twelve.deploy()
    assert rest.code == 0, rest.ran.err
    assert {name for name, end in rest.ends.items() if end == "deployed"} == TROUBLED
    assert set(twelve.versions().values()) == {"1002"}


def test_trouble_that_begins_halfway_costs_its_own_hosts_only(twelve: Ground) -> None:
    """They go back by themselves once they can, and the next run finishes them."""
    before = twelve.versions()
    twelve.release(GOOD, number=3, steady="30s")
    with twelve.begun("--batch", "100%", "--at-once", "12", "--deadline", "90") as process:
        for name in sorted(TROUBLED):
            twelve.await_state(name, "gating", within_s=300)
        with in_trouble(twelve):
            # Its deadline, and four minutes more for the host that cannot roll back now.
            ended = twelve.end(process, within_s=600)
    assert ended.code == 5
    assert {name for name, end in ended.ends.items() if end == "deployed"} == set(NAMES) - TROUBLED
    assert {ended.ends[name] for name in (UNPLUGGED, HANGING)} == {"failed"}
    assert ended.ends[LYING] in ("failed", "restored")
    for name in TROUBLED:
        twelve.await_state(name, "idle", within_s=300)
    assert twelve.versions() == {name: before[name] if name in TROUBLED else "1003" for name in NAMES}
    twelve.release(GOOD, number=3)
    with took("the three hosts that went back"):
        rest = twelve.deploy()
    assert rest.code == 0, rest.ran.err
    assert set(twelve.versions().values()) == {"1003"}
