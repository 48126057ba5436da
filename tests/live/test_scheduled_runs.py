"""Timers of `qtctl schedule` on a real host: systemd starts the runs, they leave what they should, and it is seen when
they fail or come late.

Audit and snapshot look at the host itself, metrics and notifications go over SSH, as a fleet's would. In every run the
audit succeeds; with QTCTL_SCHEDULES=all there is the rest, too.
"""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qtctl.lab import lab
from qtctl.model.tree import Account, Tree
from tests.builders.registry import DEFAULTS, write_fleet, write_host
from tests.live import wheel
from tests.live.box import Box, qtctl
from tests.machine import own_lab

pytestmark = pytest.mark.lab

NAME, PROGRAM, THERE = "sched1", "/usr/local/bin/qtctl", "/etc/qtctl/registry"
TEXTFILE, TOLD = "/var/lib/qtctl-metrics/qtctl.prom", "/var/lib/qtctl-notify/notify.json"
STORE, SAID = "/var/lib/qtctl-snapshots", "/var/lib/qtctl-notify/said"
EVERY = os.environ.get("QTCTL_SCHEDULES") == "all"
JOBS = ("audit", "snapshot", "metrics", "notify") if EVERY else ("audit",)
DEMANDED = pytest.mark.skipif(not EVERY, reason="takes 90 s with the others: set QTCTL_SCHEDULES=all")
OFTEN = "*:*:0/5"
"""Every five seconds: a test does not wait for a quarter of an hour."""
WITHIN_S = 90.0
"""Until a run of each has ended, on a busy machine."""
CHANNELS = f'[channels.file]\ncommand = ["/bin/sh", "-c", "cat >>{SAID}"]\n'
TREE = Tree(
    accounts=(
        Account("svc", "svc", "/home/svc", login=True),
        Account("ops", "ops", "/home/ops", login=True, sudo=True),
        Account("audit", "audit", "/home/audit", login=True),
    )
)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A host with qtctl and the registry, which has nothing but these timers."""
    folder = tmp_path_factory.mktemp("scheduled")
    registry = write_registry(folder / "registry")
    with own_lab(folder / ".lab"):
        lab.up([NAME], TREE, stands_for=NAME, progress=lambda _: None)
        try:
            box = Box(NAME, registry)
            prepare(box, folder)
            deployed = qtctl("deploy", "--host", NAME, "--registry", str(registry), "--yes")
            assert deployed.code == 0, deployed.out + deployed.err
            yield box
        finally:
            lab.down([NAME])


def write_registry(folder: Path) -> Path:
    folder.mkdir()
    (folder / "fleet.toml").write_text(write_fleet("shop", defaults=DEFAULTS))
    (folder / "hosts.toml").write_text(write_host(NAME, "127.0.0.1"))
    options: dict[str, tuple[str, ...]] = {
        "audit": (),
        "snapshot": ("--store", STORE),
        "metrics": ("--host", NAME, "--textfile", TEXTFILE),
        "notify": ("--host", NAME, "--state", TOLD),
    }
    for job in JOBS:
        argv = ("schedule", job, "--on", NAME, "--when", OFTEN, "--registry", str(folder), "--write", *options[job])
        assert (ran := qtctl(*argv)).code == 0, ran.err
    return folder


def prepare(box: Box, work: Path) -> None:
    """qtctl in its own venv, the registry, and a key with which the account of the timers may audit."""
    command = wheel.install(box, work)
    wheel.unpack(box, box.registry, THERE)
    box.sh(f"printf '#!/bin/sh\\nexec {command} \"$@\"\\n' >{PROGRAM}; chmod 755 {PROGRAM}")
    box.sh(f"cat >/etc/qtctl/notify.toml <<'EOF'\n{CHANNELS}EOF")
    box.sh(
        "mkdir -p -m 700 /home/svc/.ssh; ssh-keygen -q -t ed25519 -N '' -f /home/svc/.ssh/id_ed25519;"
        "ssh-keyscan -t ed25519 127.0.0.1 2>/dev/null >/home/svc/.ssh/known_hosts; chown -R svc:svc /home/svc/.ssh;"
        "cat /home/svc/.ssh/id_ed25519.pub >>/home/audit/.ssh/authorized_keys"
    )


def wait_for(box: Box, job: str, word: str) -> str:
    """The journal of the job's unit, once systemd says this of a run that began from now on."""
    since = box.sh("date +%s").strip()
    journal = f"journalctl -u shop-qtctl-{job}.service --since @{since} --no-pager -o cat"
    box.wait(f"{journal} | grep -q '^{word}'", WITHIN_S)
    return box.sh(journal)


def wait_for_finding(box: Box, id_: str, subject: str) -> None:
    deadline = time.monotonic() + WITHIN_S
    while (id_, subject) not in (found := list_findings(box)):
        assert time.monotonic() < deadline, found


def list_findings(box: Box) -> set[tuple[str, str]]:
    return {(each["id"], each["subject"]) for each in box.audit().json()["findings"]}


def check_audit(box: Box) -> None:
    assert "**As declared, as far as svc can see" in wait_for(box, "audit", "Finished shop-qtctl-audit")
    triggered = box.sh("systemctl show -p LastTriggerUSec --value shop-qtctl-audit.timer").strip()
    assert triggered not in ("", "n/a"), "the timer has started it"


def check_snapshot(box: Box) -> None:
    wait_for(box, "snapshot", "Finished shop-qtctl-snapshot")
    assert NAME in box.sh(f"runuser -u svc -- {PROGRAM} snapshot verify --store {STORE} --format md")


def check_metrics(box: Box) -> None:
    wait_for(box, "metrics", "Finished shop-qtctl-metrics")
    assert f'qtctl_host_reached{{fleet="shop",host="{NAME}"}} 1' in box.sh(f"cat {TEXTFILE}")


def check_notify(box: Box) -> None:
    wait_for(box, "notify", "Finished shop-qtctl-notify")
    assert not box.succeeds(f"test -s {SAID}"), "nothing is wrong"


CHECKS: dict[str, Callable[[Box], None]] = {
    "audit": check_audit, "snapshot": check_snapshot, "metrics": check_metrics, "notify": check_notify,
}  # fmt: skip


@pytest.mark.parametrize("job", JOBS)
def test_a_timer_runs_its_job_and_the_job_leaves_what_it_should(host: Box, job: str) -> None:
    CHECKS[job](host)
    assert ("QT204", f"shop-qtctl-{job}.service") not in list_findings(host)


@DEMANDED
def test_failing_runs_are_a_finding_until_one_succeeds(host: Box) -> None:
    host.sh(f"mv {THERE} {THERE}.away")
    try:
        assert THERE in wait_for(host, "audit", "Failed to start shop-qtctl-audit")
        wait_for_finding(host, "QT204", "shop-qtctl-audit.service")
    finally:
        host.sh(f"mv {THERE}.away {THERE}")
    wait_for(host, "audit", "Finished shop-qtctl-audit")
    assert ("QT204", "shop-qtctl-audit.service") not in list_findings(host)


@DEMANDED
def test_a_failing_run_is_told_by_another(host: Box) -> None:
    host.sh(f"mv {PROGRAM} {PROGRAM}.away; sed '2i test \"$1\" != audit || exit 9' {PROGRAM}.away >{PROGRAM}")
    host.sh(f"chmod 755 {PROGRAM}")
    try:
        host.wait(f"grep -q QT204 {SAID}", WITHIN_S)
    finally:
        host.sh(f"mv {PROGRAM}.away {PROGRAM}")
    host.wait(f"grep -q recovered {SAID}", WITHIN_S)


TIMER, DROPINS = "shop-qtctl-audit.timer", "/run/systemd/system/shop-qtctl-audit.timer.d"
PAST = "[Timer]\nOnCalendar=\nOnCalendar=2021-01-01\nPersistent=no\n"
LOAD = f"systemctl daemon-reload; systemctl restart {TIMER}"
LATE = {
    "a timer that was stopped": (f"systemctl stop {TIMER}", "QT219"),
    "a timer whose dates are past": (f"mkdir -p {DROPINS}; printf '{PAST}' >{DROPINS}/past.conf; {LOAD}", "QT215"),
}


@DEMANDED
@pytest.mark.parametrize("name", LATE)
def test_runs_that_no_longer_come_are_a_finding(host: Box, name: str) -> None:
    fault, id_ = LATE[name]
    host.sh(fault)
    try:
        wait_for_finding(host, id_, TIMER)
    finally:
        host.sh(f"rm -rf {DROPINS}; {LOAD}")
    assert (id_, TIMER) not in list_findings(host)
