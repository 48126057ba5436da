"""How staging begins: whose lock it waits for, and which number a generation gets."""

import hashlib
import subprocess
import time
from pathlib import Path

import pytest

from qtctl.remote.scripts import read_script
from tests.remote.host_script import hold_lock, run_script, shut_down_once_ready, write_generation, write_script

PARTS = ("trail.sh", "damaged.sh", "transaction.sh", "stage.sh")
STUBS = """
holder='me@here 00'
prepare_base() { home=$base/gen/none; }
read_transaction() { echo 'got the lock'; begun=yes; exit 0; }
"""


def begin(base: Path, *, quick: str = "") -> subprocess.CompletedProcess[str]:
    return run_script(write_script(base, PARTS, f"{STUBS}{quick}stage\n"))


def test_a_deploy_waits_for_a_secret_that_is_being_put(tmp_path: Path) -> None:
    with hold_lock(tmp_path / "lock", 2.5):
        done = begin(tmp_path)
    assert done.stdout == "got the lock\n", done.stderr


@pytest.mark.parametrize(("holder", "told"), [("", "qtctl locked"), ("ann@desk 00ff", "qtctl busy ann@desk 00ff")])
def test_who_holds_the_lock_is_not_guessed(tmp_path: Path, holder: str, told: str) -> None:
    if holder:
        (tmp_path / "holder").write_text(f"{holder}\n")
    with hold_lock(tmp_path / "lock", 3):
        done = begin(tmp_path, quick="flock() { command flock -w 0.2 9; }\n")
    assert done.stdout.splitlines()[0] == told, done.stderr
    assert done.returncode == 77


def test_the_helper_takes_the_lock_once_the_archive_is_here(tmp_path: Path) -> None:
    """A connection that stops in the middle of it would keep everybody else from the host."""
    stubs = (
        "helper_load_rules() { :; }\nlib_trail() { :; }\nlib_transaction() { :; }\nlib_ran() { :; }\n"
        "lib_docker() { :; }\nlib_stage() { :; }\nhelper_check_unpacked() { :; }\n"
        f"home={tmp_path} size=10240\nstage() {{ touch {tmp_path}/staging; unpack; }}\nhelper_stage\n"
    )
    (tmp_path / "a").write_bytes(bytes(range(256)))
    archive = subprocess.run(["tar", "-c", "-C", tmp_path, "a"], stdout=subprocess.PIPE, check=True).stdout
    (tmp_path / "a").unlink()
    with subprocess.Popen(["dash", "-c", read_script("helper.sh") + stubs], stdin=subprocess.PIPE) as run:
        assert run.stdin
        run.stdin.write(archive[:5000])
        run.stdin.flush()
        time.sleep(0.5)
        assert not (tmp_path / "staging").exists()
        run.stdin.write(archive[5000:])
        run.stdin.flush()
        assert run.wait(10) == 0
    assert (tmp_path / "a").read_bytes() == bytes(range(256))


def test_an_interrupt_after_the_deploy_began_is_not_said_to_have_changed_nothing(tmp_path: Path) -> None:
    stubs = f"""{STUBS}
read_transaction() {{ state='' damage=''; }}
begin() {{ generation=1 home=$base/gen/1; mkdir -p $home; true >$home/steps; }}
look_at_units() {{ :; }}
keep_objects() {{ :; }}
record_links() {{ :; }}
sync() {{ :; }}
renew_lease() {{ :; }}
move() {{ kill -INT $$; }}
stage
"""
    done = run_script(write_script(tmp_path, PARTS, stubs))
    assert done.stdout == "qtctl armed 1\n", done.stderr


SHUTDOWN = """
holder='me@here 00' generation=1 home=$base/gen/1
prepare_base() { :; }
read_transaction() { state='' damage=''; }
begin() { true >"$base/tx/staged"; word=abc; }
prepare() { name_room "$2" && mkdir -p -- "$room/new-$1"; }
look_at_units() { echo ready; sleep 10; }
write_status() { :; }
stage
"""


def test_a_shutdown_leaves_no_room_without_a_record(tmp_path: Path) -> None:
    home = write_generation(tmp_path, 1, "web", outcome="")
    (tmp_path / "tx").mkdir()
    (home / "steps").write_text("".join(f"{n}\twrite\t{tmp_path}/etc/{n}/a\tabsent\n" for n in range(50)))
    shut_down_once_ready(write_script(tmp_path, PARTS, SHUTDOWN))
    assert not (tmp_path / "tx/staged").exists()
    assert not list(tmp_path.glob("etc/*/.qtctl-*"))


def test_an_interrupt_after_a_secret_was_put_is_not_said_to_have_changed_nothing(tmp_path: Path) -> None:
    for name, text in (("new", "2"), ("secret", "1")):
        (tmp_path / name).write_text(text)
    given = f"room={tmp_path} folder={tmp_path} whose_members='\"by\":\"ann\"' whose_fields=''"
    stubs = "sync() { kill -INT $$; }\ntrap 'refuse - interrupted' INT TERM\n"
    done = run_script(write_script(tmp_path, (*PARTS, "secrets.sh"), f"{given}\n{stubs}exchange {tmp_path}/secret"))
    assert done.stdout == "qtctl put\n", done.stderr
    assert (tmp_path / "secret").read_text() == "2"


@pytest.mark.parametrize("left", [None, "", "cut", "content\n"])
def test_an_object_that_is_not_whole_is_replaced(tmp_path: Path, left: str | None) -> None:
    """A power cut in an earlier deploy may have left it so."""
    home = write_generation(tmp_path, 1, "web", outcome="")
    digest = hashlib.sha256(b"content\n").hexdigest()
    for folder in (home / "content", tmp_path / "objects", tmp_path / "etc"):
        folder.mkdir()
    (home / "content/0").write_text("content\n")
    if left is not None:
        (tmp_path / "objects" / digest).write_text(left)
    step = f"check_way() {{ :; }}\nuse_generation 1\nprepare 0 {tmp_path}/etc/a absent {digest} root:root 0644 no"
    done = run_script(write_script(tmp_path, PARTS, f"{step}\nbegun=yes"))
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "objects" / digest).read_text() == "content\n"


def choose(base: Path) -> str:
    done = run_script(write_script(base, PARTS, "choose_number\necho $generation\nbegun=yes"))
    assert done.stderr == ""
    return done.stdout.strip()


def test_no_number_is_given_twice(tmp_path: Path) -> None:
    """A refused generation goes, and so does one whose damaged record a person has removed: it is in the trail."""
    write_generation(tmp_path, 41, "web")
    assert choose(tmp_path) == "42"
    assert choose(tmp_path) == "43"
    write_generation(tmp_path, 57, "web")
    assert choose(tmp_path) == "58"


@pytest.mark.parametrize("text", ["", "x\n", "-1\n", "08\n", "99999999999\n"])
def test_a_damaged_number_is_not_used(tmp_path: Path, text: str) -> None:
    (tmp_path / "last").write_text(text)
    write_generation(tmp_path, 7, "web")
    assert choose(tmp_path) == "8"
