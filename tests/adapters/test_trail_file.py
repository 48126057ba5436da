"""The audit trail of the caller: lines are added and never lost, and nothing else on the machine is written to."""

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from qtctl.adapters import trail_file
from qtctl.adapters.trail_file import append_record, locate


def named(folder: Path) -> dict[str, str]:
    return {"QTCTL_TRAIL": str(folder / "trail.jsonl")}


def records(path: Path) -> list[object]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_records_are_added_to_a_file_of_this_user_alone(tmp_path: Path) -> None:
    assert [append_record({"n": n}, {"XDG_STATE_HOME": str(tmp_path)}) for n in range(3)] == ["", "", ""]
    file = tmp_path / "qtctl/trail.jsonl"
    assert records(file) == [{"n": 0}, {"n": 1}, {"n": 2}]
    assert [oct(each.stat().st_mode & 0o7777) for each in (file, file.parent)] == ["0o600", "0o700"]


def test_many_at_once_lose_no_line(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda n: append_record({"n": n, "text": "x" * 9000}, named(tmp_path)), range(40))) == {""}
    numbers = [json.loads(line)["n"] for line in (tmp_path / "trail.jsonl").read_text().splitlines()]
    assert sorted(numbers) == list(range(40))


def test_a_line_that_was_cut_off_spoils_no_other(tmp_path: Path) -> None:
    (tmp_path / "trail.jsonl").write_bytes(b'{"n":1}\n{"n":')
    (tmp_path / "trail.jsonl").chmod(0o600)
    assert append_record({"n": 3}, named(tmp_path)) == ""
    assert (tmp_path / "trail.jsonl").read_text() == '{"n":1}\n{"n":\n{"n":3}\n'


def test_a_file_that_has_grown_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trail_file, "LARGEST", 20)
    for n in range(7):
        assert append_record({"number": n}, named(tmp_path)) == ""
    assert records(tmp_path / "trail.jsonl") == [{"number": 6}]
    assert records(tmp_path / "trail.jsonl.1") == [{"number": 4}, {"number": 5}]


def _link(file: Path, other: Path) -> None:
    file.symlink_to(other)


def _hard_link(file: Path, other: Path) -> None:
    file.hardlink_to(other)


def _readable(file: Path, _: Path) -> None:
    file.touch(0o644)
    file.chmod(0o644)


def _fifo(file: Path, _: Path) -> None:
    os.mkfifo(file, 0o600)


def _folder(file: Path, _: Path) -> None:
    file.mkdir()


ATTACKS: dict[str, tuple[Callable[[Path, Path], None], str]] = {
    "a link": (_link, "Too many levels of symbolic links"),
    "a hard link": (_hard_link, "another name"),
    "others may read it": (_readable, "mode 0644, should be 0600"),
    "a FIFO": (_fifo, "a FIFO, not a regular file"),
    "a folder": (_folder, "Is a directory"),
}


@pytest.mark.parametrize("case", ATTACKS)
def test_anything_else_in_its_place_is_left_alone_and_said(tmp_path: Path, case: str) -> None:
    make, why = ATTACKS[case]
    other = tmp_path / "other"
    other.write_bytes(b"kept")
    other.chmod(0o600)
    make(tmp_path / "trail.jsonl", other)
    assert why in append_record({"n": 1}, named(tmp_path))
    assert other.read_bytes() == b"kept"


def test_a_link_in_place_of_a_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "qtctl").symlink_to("elsewhere")
    assert append_record({"n": 1}, {"XDG_STATE_HOME": str(tmp_path)}) != ""
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_nowhere_to_write_is_said() -> None:
    assert "No such file or directory" in append_record({"n": 1}, {"QTCTL_TRAIL": "/nonexistent/trail"})


@pytest.mark.skipif(os.geteuid() != 0, reason="folders are given to others")
def test_the_home_of_somebody_else_does_not_count(tmp_path: Path) -> None:
    """As after a sudo that keeps HOME: another account can change what is there."""
    os.chown(tmp_path, 65533, 65533)
    base, names = locate({"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)})
    assert not base.is_relative_to(tmp_path)
    assert names == (".local", "state", "qtctl", "trail.jsonl")
