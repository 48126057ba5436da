"""What a host keeps of the audit trail, by every shell: whole lines of JSON, bounded, and said where it fails."""

import json
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from qtctl.model.trail import write_fields, write_members
from qtctl.remote.scripts import read_script

SHELLS = [name for name in ("dash", "bash", "busybox") if shutil.which(name)]
ABOUT = {"by": 'o"ps\\@desk', "commit": "00ff", "dirty": "no", "action": "deploy\nDEPLOY_EVENT=forged"}


def run(shell: str, base: Path, command: str, *, logger: str = "cat >>$base/told") -> str:
    home = base / "gen/1"
    home.mkdir(parents=True, exist_ok=True)
    (home / "trail").write_text(write_members(ABOUT) + "\n")
    (home / "fields").write_text(write_fields(ABOUT))
    tools = base / "bin"
    tools.mkdir(exist_ok=True)
    (tools / "logger").write_text(f"#!/bin/sh\nbase={shlex.quote(str(base))}\n{logger}\n")
    (tools / "logger").chmod(0o755)
    head = f"base={shlex.quote(str(base))} home={shlex.quote(str(home))} PATH={shlex.quote(str(tools))}:$PATH\n"
    note = "note() { printf '%s\\n' \"$*\" >>$base/notes; }\n"
    words = [shell, "sh"] if shell == "busybox" else [shell]
    script = f"umask 077\n{head}{note}{read_script('trail.sh')}sign_trail\n{command}\n"
    done = subprocess.run(words, input=script.encode(), capture_output=True, check=False, timeout=20)
    assert (done.returncode, done.stderr) == (0, b"")
    return (base / "notes").read_text() if (base / "notes").exists() else ""


def read(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_record_is_one_line_of_json_and_one_entry_of_the_journal(shell: str, tmp_path: Path) -> None:
    why = 'a "why" \\ with\na line end and \x1b[31mcolour'
    assert run(shell, tmp_path, f"record_event armed 1; record_event restoring 1 {shlex.quote(why)}") == ""
    first, second = read(tmp_path / "trail")
    assert (first["event"], first["generation"], first["by"], first["commit"]) == ("armed", 1, 'o"ps\\@desk', "00ff")
    assert first["login"]
    assert "why" not in first
    assert second["why"] == 'a "why" \\ witha line end and [31mcolour'
    assert (tmp_path / "trail").stat().st_mode & 0o777 == 0o600
    told = (tmp_path / "told").read_text().splitlines()
    assert told.count("DEPLOY_EVENT=armed") == 1
    assert "DEPLOY_EVENT=forged" not in told
    assert "DEPLOY_ACTION=deploy DEPLOY_EVENT=forged" in told
    assert [line for line in told if "=" not in line] == []


@pytest.mark.parametrize("shell", SHELLS)
def test_what_was_cut_off_ends_with_its_line(shell: str, tmp_path: Path) -> None:
    (tmp_path / "trail").write_text('{"cut":')
    run(shell, tmp_path, "record_event armed 1")
    assert [line[:7] for line in (tmp_path / "trail").read_text().splitlines()] == ['{"cut":', '{"at":"']


def test_it_does_not_grow_without_end(tmp_path: Path) -> None:
    run("dash", tmp_path, "trail_most=400; for n in 1 2 3 4 5 6 7 8 9; do record_event armed $n; done")
    kept = [record["generation"] for name in ("trail.1", "trail") for record in read(tmp_path / name)]
    assert kept == list(range(10 - len(kept), 10))
    assert len(kept) < 7
    assert not (tmp_path / "trail.2").exists()


def test_two_that_find_it_full_lose_nothing(tmp_path: Path) -> None:
    """The second would move the new file over the one that was full."""
    slow = 'mv() { sleep 0.5; command mv "$@"; }'
    full = "trail_most=400; for n in 1 2 3; do record_event armed $n; done"
    run("dash", tmp_path, f"{full}\n{slow}\nrecord_event armed 4 & sleep 0.2; record_event armed 5; wait")
    assert [record["generation"] for record in read(tmp_path / "trail.1")] == [1, 2, 3]
    assert sorted(str(record["generation"]) for record in read(tmp_path / "trail")) == ["4", "5"]


def test_a_journal_that_does_not_take_it_and_a_file_that_cannot_be_written_are_said(tmp_path: Path) -> None:
    assert "could not be written to the host's journal" in run(
        "dash", tmp_path, "record_event armed 1", logger="exit 1"
    )
    assert len(read(tmp_path / "trail")) == 1
    (tmp_path / "trail").unlink()
    (tmp_path / "trail").mkdir()
    assert "trail could not be written" in run("dash", tmp_path, "record_event armed 1")


def test_a_journal_that_hangs_holds_up_no_deploy(tmp_path: Path) -> None:
    """It takes the entry and then never answers, and it does not end when it is told to."""
    quick = 'timeout() { echo "$1 $2 $3" >>$base/limits; shift 3; command timeout -k 0.1 0.2 "$@"; }\n'
    said = run("dash", tmp_path, f"{quick}record_event armed 1", logger="trap '' TERM; exec sleep 60")
    assert "could not be written to the host's journal" in said
    assert (tmp_path / "limits").read_text() == "-k 1 5\n"
    assert [record["event"] for record in read(tmp_path / "trail")] == ["armed"]


def test_a_reason_without_end_is_cut_off_in_both(tmp_path: Path) -> None:
    run("dash", tmp_path, f"record_event restoring 1 {'x' * 100_000}")
    (record,) = read(tmp_path / "trail")
    assert record["why"] == "x" * 300
    assert f"DEPLOY_WHY={'x' * 300}" in (tmp_path / "told").read_text().splitlines()
