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
from qtctl.model.plan import COPIES_KEPT, Step, StepKind

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

    def install(self, *steps: Step, edit: tuple[str, str] = ("", ""), swap: str = "") -> InstallAnswer:
        """`swap`: shell text, what is done to the last staged file, $1, before the script comes."""
        self.stage.mkdir(mode=0o700)
        for number, step in enumerate(steps):
            assert step.file is not None
            (self.stage / str(number)).write_bytes(step.file.content)
        subprocess.run(["sh", "-euc", swap, "sh", str(self.stage / str(len(steps) - 1))], check=True)
        script = install_script(steps, str(self.stage), KEPT, str(self.root)).replace(*edit)
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
    folders = [ground.at(path).stat().st_mode & 0o777 for path in ("/var/lib/qtctl", "/var/lib/qtctl/replaced", KEPT)]
    assert [oct(mode) for mode in folders] == ["0o711", "0o700", "0o700"]


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


GENERATED = b"# Generated by qtctl from services/a.toml; edits are overwritten.\n"


def keep_copies(ground: Ground, numbers: range, content: bytes) -> list[Path]:
    made = [Path(f"{ground.root}/var/lib/qtctl/replaced/n{number:02}{ground.root}{UNIT}") for number in numbers]
    for copy in made:
        copy.parent.mkdir(parents=True)
        copy.write_bytes(content)
    return made


def test_of_what_qtctl_wrote_the_newest_copies_are_kept(ground: Ground) -> None:
    """`now`, the copy that this run makes, is one of them. Copies of other files do not count, and stay."""
    earlier = keep_copies(ground, range(10, 10 + COPIES_KEPT + 2), GENERATED)
    alone, shared, *stay = earlier
    beside = shared.with_name("other.service")
    beside.write_bytes(GENERATED)
    ground.at(UNIT).write_bytes(GENERATED)
    answer = ground.install(write(ENV, SECRET), write(UNIT, b"new\n", f"sha256:{digest(GENERATED)}"))
    assert (answer.forgotten, answer.why, ground.errors) == ((1, 1, 1), "", b"")
    assert not alone.parents[len(UNIT.split("/"))].exists()
    assert [copy for copy in (shared, beside, *stay) if copy.exists()] == [beside, *stay[1:]]


def test_of_what_a_person_wrote_every_copy_is_kept(ground: Ground) -> None:
    by_hand = keep_copies(ground, range(10, 10 + 3 * COPIES_KEPT), b"# by hand, and " + GENERATED)
    linked = keep_copies(ground, range(50, 52), b"")
    for copy in linked:
        copy.unlink()
        copy.symlink_to("/dev/null")
    ground.at(UNIT).write_bytes(GENERATED)
    answer = ground.install(write(UNIT, b"new\n", f"sha256:{digest(GENERATED)}"))
    assert (answer.installed, answer.forgotten) == ((0,), ())
    assert all(copy.is_file() for copy in by_hand)
    assert all(copy.is_symlink() for copy in linked)


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


def test_a_file_that_grows_without_end_is_not_read_to_its_end(ground: Ground) -> None:
    """Its owner may do that, though the folder is root's."""
    ground.at(UNIT).touch()
    os.truncate(ground.at(UNIT), 1 << 42)
    answer = ground.install(write(UNIT, b"new\n", f"sha256:{digest(b'planned')}"))
    assert (answer.installed, answer.begun, "plan again" in answer.why) == ((), False, True)


def test_an_owner_that_does_not_exist_stops_before_the_first_change(ground: Ground) -> None:
    before = tree(ground.root)
    answer = ground.install(write(UNIT, b"new\n"), write(ENV, SECRET, owner="nobody-of-that-name"))
    assert (answer.installed, answer.stopped_at, answer.begun) == ((), 1, False)
    assert tree(ground.root) == before


def test_a_damaged_staged_file_stops_before_the_first_change(ground: Ground) -> None:
    before = tree(ground.root)
    answer = ground.install(write(UNIT, b"new\n"), edit=(digest(b"new\n"), "0" * 64))
    assert (answer.begun, answer.why) == (False, f"the staged copy of {ground.at(UNIT)} is damaged")
    assert tree(ground.root) == before


SOMEBODY = 65533
SWAPPED = {
    "a link to a file of root's": 'rm "$1"; ln -s /etc/passwd "$1"',
    "a link to something endless": 'rm "$1"; ln -s /dev/zero "$1"',
    "a pipe": 'rm "$1"; mkfifo "$1"',
    "a folder": 'rm "$1"; mkdir "$1"',
    "nothing": 'rm "$1"',
    "another content": 'echo evil >"$1"',
    "less": 'printf new >"$1"',
}


@pytest.mark.parametrize("case", sorted(SWAPPED))
def test_a_staged_file_that_is_swapped_stops_before_the_first_change(ground: Ground, case: str) -> None:
    before = tree(ground.root)
    answer = ground.install(write(ENV, SECRET), write(UNIT, b"new\n"), swap=SWAPPED[case])
    assert (answer.installed, answer.stopped_at, answer.begun, answer.whole) == ((), 1, False, True)
    assert "the staged copy of" in answer.why
    assert tree(ground.root) == before
    assert not ground.stage.exists()


def test_of_a_staged_file_that_is_longer_only_what_was_planned_is_read(ground: Ground) -> None:
    answer = ground.install(write(UNIT, b"new\n"), swap='seq 100000 >>"$1"')
    assert answer.installed == (0,)
    assert ground.at(UNIT).read_bytes() == b"new\n"


def test_an_empty_file_can_be_installed(ground: Ground) -> None:
    assert ground.install(write(UNIT, b"")).installed == (0,)
    assert ground.at(UNIT).read_bytes() == b""


def test_a_pipe_that_is_taken_over_is_kept_and_not_waited_for(ground: Ground) -> None:
    os.mkfifo(ground.at(UNIT))
    assert ground.install(write(UNIT, b"new\n", "other")).installed == (0,)
    assert ground.at(UNIT).read_bytes() == b"new\n"
    assert ground.kept(UNIT).is_fifo()


@pytest.mark.parametrize("folder", ["/etc/systemd", "/etc/systemd/system", "/var/lib"])
def test_a_folder_of_somebody_else_stops_before_anything_is_made(ground: Ground, folder: str) -> None:
    ground.at(UNIT).write_bytes(b"old\n")
    os.chown(ground.at(folder), SOMEBODY, 0)
    before = tree(ground.root)
    answer = ground.install(write(ENV, SECRET), write(UNIT, b"new\n", f"sha256:{digest(b'old' + bytes([10]))}"))
    assert (answer.installed, answer.begun, answer.whole, answer.unsafe) == ((), False, True, True)
    assert f"{ground.at(folder)} can be changed by user {SOMEBODY} (its owner), on the way to " in answer.why
    assert tree(ground.root) == before


def test_a_link_of_roots_to_a_folder_of_roots_is_followed_and_stays(ground: Ground) -> None:
    (ground.root / "data/env").mkdir(parents=True)
    ground.at("/etc/quantum").symlink_to("../data/env")
    assert ground.install(write(ENV, SECRET)).installed == (0,)
    assert (ground.root / "data/env/a's env.env").read_bytes() == SECRET
    assert ground.at("/etc/quantum").is_symlink()
    assert ground.left_over() == []


def test_what_cannot_be_cleaned_up_is_named(ground: Ground) -> None:
    """A folder that was made for the file, and in which something else appeared."""
    made = ground.at("/etc/quantum")
    meddle = f"  say prepared\n  echo x >'{made}/other'; echo x >'{ground.at(UNIT)}'"
    answer = ground.install(write(UNIT, b"new\n"), write(ENV, SECRET), edit=("  say prepared", meddle))
    assert (answer.installed, answer.begun, answer.left) == ((), False, (str(made),))


def test_a_change_between_the_rounds_stops_midway_and_says_where(ground: Ground) -> None:
    meddle = f"  say prepared\n  echo meddled >'{ground.at(UNIT)}'"
    answer = ground.install(write("/etc/a.env", SECRET), write(UNIT, b"new\n"), edit=("  say prepared", meddle))
    assert (answer.installed, answer.stopped_at, answer.begun, answer.whole) == ((0,), 1, True, True)
    assert ground.at("/etc/a.env").read_bytes() == SECRET
    assert ground.at(UNIT).read_bytes() == b"meddled\n"
    assert ground.left_over() == []


def test_a_script_cut_short_on_its_way_does_nothing(ground: Ground) -> None:
    before = tree(ground.root)
    script = install_script([write(UNIT, b"new\n")], str(ground.stage), KEPT, str(ground.root))
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
