"""The install script, run for real as root below a directory of its own."""

import hashlib
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from qtctl.apply.install import InstallAnswer, install_script, read_answer
from qtctl.model.desired import DesiredFile
from qtctl.model.origin import Origin
from qtctl.model.plan import Step, StepKind

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the script runs as root")

UNIT = "/etc/systemd/system/quantum-a.service"
ENV = "/etc/quantum/a's env.env"
KEPT = "/var/lib/qtctl/replaced/now"
SECRET = b"TOKEN=canary-5f1c\n"


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def write(path: str, content: bytes, seen: str = "absent", *, keep: bool = False, **rights: str) -> Step:
    mode, owner = rights.get("mode", "0644"), rights.get("owner", "root")
    file = DesiredFile(path, content, mode, owner, "root", digest(content), "unit", "u", Origin("x"))
    return Step(StepKind.WRITE, path, "test", seen, file=file, keep_mtime=keep)


@dataclass
class Ground:
    """A root directory, a staging directory, and what the script said."""

    base: Path
    errors: bytes = b""
    output: bytes = b""
    root: Path = field(init=False)
    stage: Path = field(init=False)

    def __post_init__(self) -> None:
        self.root = self.base / "root"
        self.stage = self.base / "stage"
        (self.root / "etc/systemd/system").mkdir(parents=True)
        (self.root / "var/lib").mkdir(parents=True)

    def at(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def kept(self, path: str) -> Path:
        return Path(f"{self.root}{KEPT}{self.root}{path}")

    def install(self, *steps: Step, edit: tuple[str, str] = ("", "")) -> InstallAnswer:
        self.stage.mkdir(mode=0o700)
        for number, step in enumerate(steps):
            assert step.file is not None
            (self.stage / str(number)).write_bytes(step.file.content)
        script = install_script(steps, str(self.stage), KEPT, "t0", str(self.root)).replace(*edit)
        done = subprocess.run(["sh", "-s"], input=script.encode(), capture_output=True, check=False, timeout=30)
        self.errors, self.output = done.stderr, done.stdout
        return read_answer(done.stdout)

    def left_over(self) -> list[str]:
        return sorted(str(path) for path in self.root.rglob(".qtctl-*"))


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return Ground(tmp_path)


def test_new_files_get_their_rights_and_their_directory(ground: Ground) -> None:
    answer = ground.install(write(UNIT, b"unit\n"), write(ENV, SECRET, mode="0600"))
    assert answer == InstallAnswer((0, 1), None, "", begun=True, whole=True)
    assert ground.at(UNIT).read_bytes() == b"unit\n"
    assert ground.at(ENV).read_bytes() == SECRET
    assert [oct(ground.at(path).stat().st_mode & 0o7777) for path in (UNIT, ENV, "/etc/quantum")] == [
        "0o644", "0o600", "0o755",
    ]  # fmt: skip
    assert ground.left_over() == []
    assert not ground.stage.exists()
    assert b"canary" not in ground.output + ground.errors


def test_what_is_replaced_is_kept(ground: Ground) -> None:
    ground.at(UNIT).write_bytes(b"old\n")
    answer = ground.install(write(UNIT, b"new\n", f"sha256:{digest(b'old' + bytes([10]))}"))
    assert answer.installed == (0,)
    assert ground.at(UNIT).read_bytes() == b"new\n"
    assert ground.kept(UNIT).read_bytes() == b"old\n"
    assert ground.at("/var/lib/qtctl").stat().st_mode & 0o777 == 0o700


def test_a_mask_is_replaced_and_kept_as_a_link(ground: Ground) -> None:
    ground.at(UNIT).symlink_to("/dev/null")
    assert ground.install(write(UNIT, b"new\n", "link:/dev/null")).installed == (0,)
    assert not ground.at(UNIT).is_symlink()
    assert ground.kept(UNIT).readlink() == Path("/dev/null")


def test_a_directory_is_moved_away(ground: Ground) -> None:
    ground.at(UNIT).mkdir()
    (ground.at(UNIT) / "inside").write_text("x")
    assert ground.install(write(UNIT, b"new\n", "dir")).installed == (0,)
    assert ground.at(UNIT).is_file()
    assert (ground.kept(UNIT) / "inside").read_text() == "x"


@pytest.mark.parametrize(
    "nanoseconds", [1_700_000_000_123_456_789, 1_700_000_000_999_999_999, 1_700_000_000_000_000_001]
)
def test_a_kept_time_is_one_microsecond_later(ground: Ground, nanoseconds: int) -> None:
    ground.at(UNIT).write_bytes(b"old\n")
    os.utime(ground.at(UNIT), ns=(nanoseconds, nanoseconds))
    ground.install(write(UNIT, b"new\n", f"sha256:{digest(b'old' + bytes([10]))}", keep=True))
    assert ground.at(UNIT).stat().st_mtime_ns == nanoseconds + 1000


Happening = tuple[Callable[[Path], object], str]

REFUSED: dict[str, Happening] = {
    "another content": (lambda path: path.write_bytes(b"edited\n"), f"sha256:{digest(b'planned')}"),
    "gone": (Path.exists, f"sha256:{digest(b'planned')}"),
    "appeared": (lambda path: path.write_bytes(b"edited\n"), "absent"),
    "became a link": (lambda path: path.symlink_to("/dev/null"), "absent"),
}


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_a_host_that_is_not_as_planned_is_left_alone(ground: Ground, case: str) -> None:
    happen, seen = REFUSED[case]
    happen(ground.at(UNIT))
    before = tree(ground.root)
    answer = ground.install(write(ENV, SECRET, mode="0600"), write(UNIT, b"new\n", seen))
    assert (answer.installed, answer.stopped_at, answer.begun, answer.whole) == ((), 1, False, True)
    assert "plan again" in answer.why
    assert tree(ground.root) == before
    assert not ground.stage.exists()


def test_an_owner_that_does_not_exist_stops_before_the_first_change(ground: Ground) -> None:
    before = tree(ground.root)
    answer = ground.install(write(UNIT, b"new\n"), write(ENV, SECRET, owner="nobody-of-that-name"))
    assert (answer.installed, answer.stopped_at, answer.begun) == ((), 1, False)
    assert tree(ground.root) == before


def test_a_damaged_staged_file_stops_before_the_first_change(ground: Ground) -> None:
    before = tree(ground.root)
    answer = ground.install(write(UNIT, b"new\n"), edit=(digest(b"new\n"), "0" * 64))
    assert (answer.begun, answer.why) == (False, "the staged copy is damaged")
    assert tree(ground.root) == before


def test_a_change_between_the_rounds_stops_midway_and_says_where(ground: Ground) -> None:
    meddle = f"  say prepared\n  echo meddled >'{ground.at(UNIT)}'"
    answer = ground.install(write("/etc/a.env", SECRET), write(UNIT, b"new\n"), edit=("  say prepared", meddle))
    assert (answer.installed, answer.stopped_at, answer.begun, answer.whole) == ((0,), 1, True, True)
    assert ground.at("/etc/a.env").read_bytes() == SECRET
    assert ground.at(UNIT).read_bytes() == b"meddled\n"
    assert ground.left_over() == []


def test_a_script_cut_short_on_its_way_does_nothing(ground: Ground) -> None:
    before = tree(ground.root)
    script = install_script([write(UNIT, b"new\n")], str(ground.stage), KEPT, "t0", str(ground.root))
    for length in range(0, len(script) - len("main\n"), 97):
        subprocess.run(["sh", "-s"], input=script[:length].encode(), capture_output=True, check=False, timeout=30)
    assert tree(ground.root) == before


def test_an_answer_cut_short_is_not_whole() -> None:
    answer = read_answer(b"qtctl prepared\nqtctl installed 0\n")
    assert answer == InstallAnswer((0,), None, "", begun=True, whole=False)


def tree(root: Path) -> dict[str, tuple[int, int, bytes | str]]:
    found: dict[str, tuple[int, int, bytes | str]] = {}
    for path in sorted(root.rglob("*")):
        stat = path.lstat()
        content = str(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else ""
        found[str(path)] = (stat.st_mode, stat.st_mtime_ns if path.is_file() else 0, content)
    return found
