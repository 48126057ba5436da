"""Attacks on a deploy from accounts of the host that it changes: real root, real service account, real races."""

import hashlib
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from qtctl.adapters.clock import SystemClock
from qtctl.adapters.ssh import SshHost, connect
from qtctl.apply.contact import Contact
from qtctl.apply.generation import BASE, Generation
from qtctl.apply.shared import share_connection
from qtctl.apply.transaction import Transaction, make_ticket, stage
from qtctl.errors import DeployRefused
from qtctl.lab import lab
from qtctl.model.desired_file import DesiredFile
from qtctl.model.origin import Origin
from qtctl.model.plan import Plan, Step, StepKind, StepResult
from qtctl.plan.results import make_results
from tests.builders.planned import desired
from tests.live.box import Box, Ran, qtctl
from tests.live.registries import changed

pytestmark = pytest.mark.lab

ENV_DIR = "/etc/quantum"
ENV = f"{ENV_DIR}/clm.env"
LOCK = f"{BASE}/lock"
CANARY = "/etc/qtctl-canary"
STATE = f"stat -c '%n %i %u %g %a %Y' {CANARY} {ENV_DIR}/* && sha256sum {CANARY} {ENV_DIR}/*.env"
SERVICE_ACCOUNT = "qt"
UNSAFE = f"{ENV_DIR} can be changed by user {SERVICE_ACCOUNT} (its owner)"

# What the service account runs: whatever root makes beside the targets becomes a link to a file of root's.
SWAPS = rf"""
import os
while True:
    for name in os.listdir("{ENV_DIR}"):
        if name.startswith(".qtctl-"):
            try:
                os.rename("{ENV_DIR}/" + name, "{ENV_DIR}/.was-" + name)
                os.symlink("{CANARY}", "{ENV_DIR}/" + name)
            except OSError:
                pass
"""
# What any user runs: the commands of all processes, and the names in the folders that a deploy uses.
WATCHES = r"""
import glob, os, signal
seen, ended = set(), []
signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
while not ended:
    for folder in ("/tmp", "/etc/quantum"):
        seen.update(f"{folder}/{name}" for name in os.listdir(folder))
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            seen.add(open(path).read().replace("\0", " "))
        except (OSError, UnicodeError):
            pass
open("/tmp/qtctl-seen", "w", errors="surrogateescape").write("\n".join(seen))
"""


def deploy(box: Box, *argv: str) -> Ran:
    return qtctl("deploy", "--host", box.name, "--yes", *argv)


def login(box: Box) -> SshHost:
    return connect(box.name, user="ops", config=lab.write_ssh_config())


def write(path: str, content: bytes, seen: str = "absent") -> Step:
    digest = hashlib.sha256(content).hexdigest()
    file = DesiredFile(path, content, "0600", "root", "root", digest, "env", "a.service", Origin("x"))
    return Step(StepKind.WRITE, path, "test", seen, file=file)


def install(box: Box, *steps: Step) -> tuple[StepResult, ...]:
    """As a deploy does once its plan is agreed to."""
    plan, clock = Plan(box.name, steps), SystemClock()
    with ExitStack() as opened:
        contact = Contact(opened.enter_context(share_connection(lambda: login(box))), lambda: login(box), clock, opened)
        number = stage(contact.host, Generation(plan, desired(texts={}), (), {}), make_ticket(), limit_s=20)
        transaction = Transaction(contact, number, 20)
        while transaction.poll().state.under_way:
            clock.sleep(0.1)
        return make_results(plan, transaction.confirm())


@contextmanager
def running(box: Box, user: str, *argv: str) -> Iterator[None]:
    """A program of a user of the host, for as long as this lasts."""
    unit = "qtctl-test-hostile"
    box.sh(f"systemd-run -q --unit={unit} -p User={user} -- {' '.join(argv)}")
    try:
        time.sleep(0.3)
        yield
    finally:
        box.sh(f"systemctl stop {unit} 2>&1 || true; systemctl reset-failed {unit} 2>&1 || true")


@contextmanager
def program(box: Box, text: str) -> Iterator[str]:
    path = "/usr/local/bin/qtctl-test-hostile.py"
    done = lab.execute(box.name, ["sh", "-c", f"cat >{path} && chmod 0644 {path}"], stdin=text.encode())
    assert done.returncode == 0
    try:
        yield path
    finally:
        box.sh(f"rm {path}")


@pytest.fixture
def canary(box: Box) -> Iterator[Box]:
    """A host with a file of root's that must stay as it is, and the folder of env files as it was afterwards."""
    box.sh(f"printf 'root only' >{CANARY}; chmod 0600 {CANARY}; touch -d @1700000000 {CANARY}")
    try:
        with box.own_history():
            yield box
    finally:
        box.sh(f"rm -rf {CANARY} {ENV_DIR}/.was-* {ENV_DIR}/.qtctl-*; chown root:root {ENV_DIR}; chmod 0755 {ENV_DIR}")


@pytest.fixture
def slower(tmp_path: Path) -> str:
    """A registry that declares another value for one variable of one service."""
    folder = changed(tmp_path / "r", "services/clm.toml", 'UPDATE_INTERVAL_S = "300"', 'UPDATE_INTERVAL_S = "600"')
    return str(folder)


def test_a_folder_that_others_may_write_is_refused_before_anything_is_done(canary: Box, slower: str) -> None:
    canary.sh(f"chown {SERVICE_ACCOUNT} {ENV_DIR}")
    before = canary.sh(STATE)
    with program(canary, SWAPS) as path, running(canary, SERVICE_ACCOUNT, "python3", path):
        ran = deploy(canary, "--registry", slower)
    assert (ran.code, UNSAFE in ran.err, "nothing was changed" in ran.err) == (4, True, True), ran.err
    assert "or declare another path" in ran.err
    assert canary.sh(STATE) == before


def test_a_folder_given_away_after_the_plan_is_refused_by_the_script(canary: Box) -> None:
    """The plan saw a folder of root's; when root begins to write, it is the service account's."""
    canary.sh(f"chown {SERVICE_ACCOUNT} {ENV_DIR}")
    before = canary.sh(STATE)
    left = f"mkdir -p {BASE}; find {BASE} -path '*/tx/*' -o -path '*/gen/*'"
    others = canary.sh(left)
    steps = [write(f"{ENV_DIR}/new-{number}.env", b"A=1\n") for number in range(20)]
    with program(canary, SWAPS) as path, running(canary, SERVICE_ACCOUNT, "python3", path):
        for _ in range(3):
            with pytest.raises(DeployRefused) as refused:
                install(canary, *steps)
            assert refused.value.what == f"nothing was changed: {UNSAFE}, on the way to {ENV_DIR}/new-0.env"
    assert canary.sh(STATE) == before
    assert canary.sh(left) == others


def test_a_link_to_a_folder_of_the_service_account_is_refused_and_one_to_roots_is_followed(canary: Box) -> None:
    canary.sh("mkdir -p /srv/theirs/env /srv/ours/env; chown qt /srv/theirs")
    canary.sh("ln -s /srv/theirs/env /srv/bad; ln -s /srv/ours/env /srv/good")
    try:
        with pytest.raises(DeployRefused, match=r"^nothing was changed: /srv/theirs can be changed by user qt"):
            install(canary, write("/srv/good/a.env", b"A=1\n"), write("/srv/bad/a.env", b"A=1\n"))
        assert canary.sh("find /srv/theirs/env /srv/ours/env -mindepth 1") == ""
        assert [result.done for result in install(canary, write("/srv/good/a.env", b"A=1\n"))] == [True]
        assert canary.sh("cat /srv/ours/env/a.env; ls -A /srv/ours/env") == "A=1\na.env\n"
    finally:
        canary.sh("rm -rf /srv/theirs /srv/ours /srv/bad /srv/good")


def test_nothing_of_a_deploy_lies_where_another_account_could_change_it(canary: Box) -> None:
    """Neither what is sent nor what waits for its turn: not even the account that deploys."""
    path, folders = f"{ENV_DIR}/new.env", "/tmp /var/tmp /dev/shm /home/ops"
    canary.sh(f"find {folders} > /root/before")
    seen: list[str] = []
    with ExitStack() as opened:
        contact = Contact(
            opened.enter_context(share_connection(lambda: login(canary))), lambda: login(canary), SystemClock(), opened
        )
        plan = Plan(canary.name, (write(path, b"A=1\n"),))
        number = stage(contact.host, Generation(plan, desired(texts={}), (), {}), make_ticket(), limit_s=20)
        seen.append(canary.sh(f"find {folders} | diff - /root/before || true"))
        seen.append(canary.sh("find /var/lib/qtctl -mindepth 1 ! -user root -o -mindepth 1 -type d -perm /077"))
        assert Transaction(contact, number, 20).go_back("enough").state
    assert seen == ["", ""]
    canary.wait("! ls /var/lib/qtctl/tx | grep .")
    assert not canary.succeeds(f"test -e {path}")


def test_a_pipe_in_the_place_of_a_file_is_refused_and_not_waited_for(canary: Box, slower: str) -> None:
    canary.sh(f"mv {ENV} /etc/qtctl-clm.env; mkfifo {ENV}")
    try:
        started = time.monotonic()
        ran = deploy(canary, "--registry", slower)
        assert (ran.code, ENV in ran.err, "nothing was changed" in ran.err) == (4, True, True), ran.err
        assert time.monotonic() - started < 8
    finally:
        canary.sh(f"rm {ENV}; mv -T /etc/qtctl-clm.env {ENV}")


def test_no_other_user_can_hold_up_a_deploy_with_its_lock(canary: Box) -> None:
    """Neither where the lock was once, nor where it is."""
    canary.sh("touch /run/qtctl.lock; chmod 0644 /run/qtctl.lock")
    with running(canary, SERVICE_ACCOUNT, "flock", "/run/qtctl.lock", "sleep", "60"):
        assert not canary.succeeds("flock -n /run/qtctl.lock true")
        assert [result.done for result in install(canary, write(f"{ENV_DIR}/new.env", b"A=1\n"))] == [True]
        assert canary.sh(f"rm {ENV_DIR}/new.env; stat -c '%U %a' {LOCK} {BASE}") == "root 600\nroot 711\n"
        for attack in (f"flock -n {LOCK} true", f"cat {LOCK}", f"rm -f {LOCK}", f"mv {LOCK} /tmp/", f"ls {BASE}/gen"):
            assert not canary.succeeds(f"runuser -u {SERVICE_ACCOUNT} -- {attack}"), attack
        assert canary.succeeds(f"runuser -u {SERVICE_ACCOUNT} -- cat {BASE}/status")
    canary.sh("rm /run/qtctl.lock")


def test_a_folder_of_the_lock_that_is_not_roots_is_refused_by_name(canary: Box) -> None:
    canary.sh(f"rm -rf {BASE}; mkdir -m 0711 {BASE}; chown {SERVICE_ACCOUNT} {BASE}")
    with pytest.raises(DeployRefused, match=rf"{BASE} can be changed by user {SERVICE_ACCOUNT}"):
        install(canary, write(f"{ENV_DIR}/new.env", b"A=1\n"))


def test_no_content_is_seen_and_no_name_tells_of_another(canary: Box) -> None:
    """What a local user sees of root's processes, and of folders, while files are installed."""
    paths = [f"{ENV_DIR}/seen-{number}.env" for number in range(20)]
    with program(canary, WATCHES) as script, running(canary, SERVICE_ACCOUNT, "python3", script):
        install(canary, *(write(path, b"TOKEN=canary-77ab\n") for path in paths))
    try:
        seen = canary.sh("cat /tmp/qtctl-seen")
        assert "canary-77ab" not in seen
        assert not re.findall(r"/tmp/qtctl-[0-9a-f]+", seen)
        rooms = set(re.findall(rf"{ENV_DIR}/\.qtctl-[0-9]+-([0-9a-f]+)", seen))
        assert rooms
        assert {len(each) for each in rooms} == {16}
    finally:
        canary.sh(f"rm -f /tmp/qtctl-seen {' '.join(paths)}")
