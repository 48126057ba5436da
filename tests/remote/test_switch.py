"""The verbs of a transaction, where something is in the way of its end."""

import subprocess
import time
from pathlib import Path

import pytest

from tests.remote.host_script import hold_lock, write_generation, write_script

PARTS = ("trail.sh", "damaged.sh", "transaction.sh", "find.sh", "restore.sh", "switch.sh")
QUICK = 'flock() { command flock -w 0.2 "$(eval echo \\$$#)"; }\n'


def call(base: Path, verb: str, *arguments: str, instead: str = "") -> subprocess.CompletedProcess[str]:
    """Run a verb with the host's functions, and `instead` of some of them others."""
    given = f"logger() {{ cat >/dev/null; }}\nlease_s=15\n{QUICK}{instead}\n"
    script = write_script(base, PARTS, "").replace("\nverb=$1\n", f"\n{given}verb=$1\n")
    return subprocess.run(
        ["dash", "-s", verb, *arguments], input=script, capture_output=True, text=True, check=False, timeout=20
    )


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """Generation 2 is under way, in a state that each test writes."""
    (tmp_path / "tx").mkdir()
    (tmp_path / "lock").touch()
    write_generation(tmp_path, 1, "web")
    write_generation(tmp_path, 2, "web", outcome="")
    return tmp_path


@pytest.mark.parametrize(("state", "ends"), [("confirmed", "finish"), ("staged", "forget_staged")])
def test_a_boot_takes_nothing_back_that_is_decided(base: Path, state: str, ends: str) -> None:
    (base / "tx" / state).write_text("2\n")
    done = call(base, "boot", instead=f"{ends}() {{ echo tried; return 1; }}\nrestore_files() {{ echo restored; }}\n")
    assert (done.returncode, done.stdout) == (0, "tried\n"), done.stderr
    assert (base / "tx" / state).read_text() == "2\n"


def test_a_boot_takes_back_what_is_not_decided(base: Path) -> None:
    (base / "tx/gating").write_text("2\n")
    stubs = "run_systemctl() { :; }\nqueue_units() { :; }\nlist_links() { :; }\nrestore_files() { echo restored; }\n"
    done = call(base, "boot", instead=f"unit_folder={base}\n{stubs}")
    assert (done.returncode, done.stdout) == (0, "restored\n"), done.stderr
    assert (base / "tx/restoring").read_text() == "2\n"


def test_nobody_accepts_a_host_while_it_is_being_recovered(base: Path) -> None:
    (base / "tx/broken").write_text("2\n")
    ends = "end_transaction() { touch $base/accepted; }\n"
    with hold_lock(base / "gen/2/recovering", 2):
        during = call(base, "accept", "2", "ann", instead=ends)
    assert during.stdout.startswith("qtctl state broken "), during.stderr
    assert not (base / "accepted").exists()
    after = call(base, "accept", "2", "ann", instead=ends)
    assert (base / "accepted").exists(), after.stderr


def test_a_lock_that_is_held_is_not_taken_for_no_transaction(base: Path) -> None:
    (base / "tx/staged").write_text("2\n")
    find = "find_transaction\nexit\n"
    with hold_lock(base / "lock", 2):
        during = call(base, "find", instead=find)
    assert during.stdout == "qtctl locked\n", during.stderr
    assert call(base, "find", instead=find).stdout.startswith("qtctl state staged\n")


@pytest.mark.parametrize(("outcome", "ticket", "told"), [
    ("restored", "ann@desk 00ff", "qtctl ended 2\n"), ("confirmed", "ann@desk 00ff", "qtctl ended 2\n"),
    ("restored", "ann@desk 00fe", ""), ("", "ann@desk 00ff", ""),
])  # fmt: skip
def test_a_transaction_that_has_ended_is_found_by_its_ticket(base: Path, outcome: str, ticket: str, told: str) -> None:
    (base / "gen/2/holder").write_text("ann@desk 00ff\n")
    if outcome:
        (base / "gen/2/outcome").write_text(f"{outcome}\n")
    assert call(base, "find", instead=f"find_transaction '{ticket}'\nexit\n").stdout == told


def test_new_objects_are_on_the_disk_before_a_deploy_waits_to_be_confirmed(base: Path) -> None:
    """They are synced while no lock is held, and those that earlier generations have kept are not synced again."""
    (base / "objects").mkdir()
    (base / "objects/old").touch()
    (base / "tx/applying").write_text("2\n")
    time.sleep(0.02)
    (base / "gen/2/word").write_text("abc\n")
    time.sleep(0.02)
    (base / "content").touch()
    (base / "content").rename(base / "objects/new")
    sync = base / "bin/sync"
    sync.parent.mkdir()
    sync.write_text(f'#!/bin/sh\necho "$(ls {base}/tx) $*" >>{base}/synced\nflock -n {base}/lock true || exit 1\n')
    sync.chmod(0o755)
    stubs = "apply() { sleep 0.3; }\nunit_folder=$base/units\n"
    done = call(base, "apply", "2", instead=f"PATH={sync.parent}:$PATH\n{stubs}")
    synced = (base / "synced").read_text().splitlines()
    assert f"applying -- {base}/objects/new" in synced, done.stderr
    assert not [line for line in synced if "objects/old" in line]
    assert f"applying -- {base}/units" in synced
    assert (base / "tx/gating").exists()


def test_who_recovers_waits_for_a_lock_that_is_held(base: Path) -> None:
    (base / "tx/broken").write_text("2\n")
    stubs = "is_watched_over() { return 1; }\nrestore() { echo restored; }\nend_restored() { :; }\n"
    with hold_lock(base / "lock", 1):
        done = call(base, "recover", "2", "ann", instead=stubs)
    assert done.stdout.startswith("restored\n"), done.stderr


def test_two_that_renew_a_lease_do_not_take_the_file_from_each_other(base: Path) -> None:
    """Of an old connection and of a new one."""
    slow = 'mv() { sleep 0.5; command mv "$@"; }\n'
    both = "(eval 'renew_lease; echo $?') & sh -s <$base/second; wait\nexit\n"
    head = write_script(base, PARTS, "").partition("\nverb=$1\n")[0]
    (base / "second").write_text(f"{head}\nlease_s=15\n{slow}use_generation 2 renew_lease\necho $?\n")
    done = call(base, "hold", instead=f"{slow}use_generation 2\n{both}")
    assert (done.stdout, done.stderr) == ("0\n0\n", "")


@pytest.mark.parametrize("state", ["armed", "applying", "gating"])
def test_what_goes_back_waits_for_a_lock_that_is_held(base: Path, state: str) -> None:
    (base / "tx" / state).write_text("2\n")
    with hold_lock(base / "lock", 1.5):
        done = call(base, "go-back", "2", "interrupted")
    assert done.stdout.startswith("qtctl state restoring "), done.stderr


def test_a_transaction_that_has_ended_gets_no_reason_to_go_back(base: Path) -> None:
    (base / "gen/2/outcome").write_text("restored\n")
    done = call(base, "go-back", "2", "interrupted")
    assert done.stdout == "qtctl state none restored\n", done.stderr
    assert not (base / "gen/2/journal").exists()


@pytest.mark.parametrize(
    ("record", "over"),
    [("", True), ("broken 2", True), ("restoring 1", True), ("gating 2", False), ("restoring 2", False),
     ("confirmed 2", False), ("gating x", False)],
)  # fmt: skip
def test_the_service_ends_only_when_there_is_nothing_left_to_watch(base: Path, record: str, over: bool) -> None:
    if record:
        state, number = record.split()
        (base / "tx" / state).write_text(f"{number}\n")
    done = call(base, "run", instead="use_generation 2 is_over && echo over\nexit\n")
    assert (done.stdout == "over\n") is over, done.stderr
