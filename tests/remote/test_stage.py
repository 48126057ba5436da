"""How staging begins: whose lock it waits for, and which number a generation gets."""

import subprocess
from pathlib import Path

import pytest

from tests.remote.host_script import hold_lock, run_script, write_generation, write_script

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
