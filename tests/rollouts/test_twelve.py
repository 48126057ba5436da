"""Twelve hosts of three suites: audited while broken, deployed in batches, with a bad release and hosts in trouble."""

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from qtctl.lab import lab, state
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


def test_each_is_audited_whatever_is_wrong_with_the_others(twelve: Ground) -> None:
    for name, (script, _) in BROKEN.items():
        twelve.sh(name, script)
    try:
        with in_trouble(twelve), took("an audit of twelve hosts, three of them in trouble"):
            ran = twelve.run("audit", "--tag", "web", "--format", "json")
    finally:
        twelve.sh(NAMES[10], "systemctl kill -s CONT shop-web")
    document = json.loads(ran.out)
    hosts = {each["address"]: each for each in document["hosts"]}
    assert set(hosts) == set(NAMES)
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
