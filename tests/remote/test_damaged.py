"""A damaged record of a transaction: written again if it is clear whose it is, or given up by a person."""

import json
import shlex
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from qtctl.remote.scripts import read_script
from tests.remote.host_script import hold_lock, run_script, write_script

SHELLS = [name for name in ("dash", "bash") if shutil.which(name)]
PARTS = ("trail.sh", "damaged.sh", "transaction.sh", "find.sh")
DAMAGED = {
    "garbage": ("gating", "x\n"),
    "nothing": ("gating", ""),
    "two words": ("gating", "2 2\n"),
    "too long": ("gating", "1234567890\n"),
    "another generation": ("gating", "9\n"),
    "another state": ("dancing", "2\n"),
}


def ask(base: Path, command: str, shell: str = "dash") -> dict[str, str]:
    """The answers `qtctl WORD …` of the host's script."""
    done = run_script(write_script(base, PARTS, command), shell)
    assert (done.returncode, done.stderr) == (0, "")
    words = (line.removeprefix("qtctl ").partition(" ") for line in done.stdout.splitlines())
    return {word: rest for word, _, rest in words}


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """Generation 1 is in force, and generation 2 was staged."""
    for number in ("1", "2"):
        (tmp_path / "gen" / number).mkdir(parents=True)
        (tmp_path / "gen" / number / "steps").touch()
    (tmp_path / "gen/1/outcome").write_text("confirmed\n")
    (tmp_path / "current").symlink_to("gen/1")
    (tmp_path / "tx").mkdir()
    (tmp_path / "lock").touch()
    return tmp_path


@pytest.mark.parametrize("shell", SHELLS)
def test_one_that_is_sound(base: Path, shell: str) -> None:
    assert ask(base, "find_transaction", shell) == {}
    for state in ("staged", "armed", "applying", "gating", "confirmed", "restoring", "broken"):
        (base / "tx" / state).write_text("2\n")
        for command in ("find_transaction", "repair_transaction", "forget_transaction ann"):
            assert ask(base, command, shell) == {"state": state, "number": "2"}
        (base / "tx" / state).unlink()


@pytest.mark.parametrize("case", DAMAGED)
def test_it_is_made_anew_where_one_generation_has_not_ended(base: Path, case: str) -> None:
    name, content = DAMAGED[case]
    (base / "tx" / name).write_text(content)
    said = ask(base, "find_transaction")
    assert (said["state"], said["number"]) == ("damaged", "")
    assert said["damage"].startswith(f"{base}/tx/{name}")
    repaired = ask(base, "repair_transaction")
    assert repaired == {"state": "broken" if name == "dancing" else name, "number": "2"}
    assert [path.name for path in (base / "tx").iterdir()] == [repaired["state"]]


@pytest.mark.parametrize("ended", [("1", "2"), ()])
def test_it_stays_where_several_could_be_meant_or_none(base: Path, ended: tuple[str, ...]) -> None:
    (base / "gen/1/outcome").unlink()
    for number in ended:
        (base / "gen" / number / "outcome").write_text("confirmed\n")
    (base / "tx/gating").write_text("x\n")
    assert "damage" in ask(base, "repair_transaction")
    assert (base / "tx/gating").read_text() == "x\n"


def test_a_link_a_folder_and_a_second_one_are_damage(base: Path) -> None:
    (base / "tx/gating").symlink_to("/etc/hostname")
    assert "is not a regular file" in ask(base, "find_transaction")["damage"]
    (base / "tx/armed").mkdir()
    assert "there are two records" in ask(base, "find_transaction")["damage"]
    assert ask(base, "repair_transaction") == {"state": "gating", "number": "2"}
    assert Path("/etc/hostname").is_file()
    assert (base / "tx/gating").read_text() == "2\n"


def test_a_person_gives_it_up(base: Path) -> None:
    (base / "tx/gating").write_text("x\n")
    assert ask(base, "forget_transaction 'ann@desk'") == {}
    assert list((base / "tx").iterdir()) == []
    record = json.loads((base / "trail").read_text())
    assert (record["event"], record["action"]) == ("accepted", "recover")
    assert "accepted by ann@desk" in record["why"]
    assert "state idle\n" in (base / "status").read_text()


@pytest.mark.parametrize("shell", SHELLS)
def test_a_record_that_is_renamed_while_it_is_looked_at_is_not_damaged(base: Path, shell: str) -> None:
    """The service that watches over a deploy ends if its record is damaged, and then nobody rolls it back."""
    states = ("gating", "restoring", "armed", "applying")
    looks = (
        'n=0; while [ $n -lt 6000 ]; do n=$((n + 1)); find_damage; [ -z "$damage" ] || echo "$damage"; done; echo whole'
    )
    script = f"base={shlex.quote(str(base))}\n{read_script('damaged.sh')}\n{looks}\n"
    (base / "tx/applying").write_text("2\n")
    with subprocess.Popen([shell, "-c", script], stdout=subprocess.PIPE, text=True) as looking:
        renames = 0
        while looking.poll() is None:
            (base / "tx" / states[renames % 4 - 1]).rename(base / "tx" / states[renames % 4])
            renames += 1
            time.sleep(0.001)
        assert looking.stdout is not None
        assert looking.stdout.read() == "whole\n"
    assert renames > 50


def test_a_rollback_ends_however_long_another_process_holds_the_lock(base: Path) -> None:
    (base / "tx/restoring").write_text("2\n")
    (base / "gen/2/word").write_text("abc\n")
    quick = 'flock() { command flock -w 0.2 "$3"; }\nrestore() { restored=x$restored; }\n'
    commands = f"{quick}gone='' restored=''\nuse_generation 2 restore_and_end\necho $restored"
    script = write_script(base, ("trail.sh", "damaged.sh", "transaction.sh", "restore.sh"), commands)
    with hold_lock(base / "lock", 1.5):
        done = run_script(script)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "x\n"
    assert (base / "gen/2/outcome").read_text() == "restored\n"
    assert list((base / "tx").iterdir()) == []


def test_an_audit_by_root_sees_it_beside_what_is_kept(base: Path) -> None:
    looks = write_script(base, ("damaged.sh", "deploys.sh"), "list_kept_generations")
    assert not run_script(looks).stdout.startswith("T ")
    (base / "tx/gating").write_text("x\n")
    said = run_script(looks).stdout.splitlines()
    assert said[:2] == [f"T {base}/tx/gating does not name its generation", "G 1"]
