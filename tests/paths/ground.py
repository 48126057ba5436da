"""The folder in which commands run, owned by an ordinary account, and one path of each kind that can be wrong."""

import os
import shutil
import socket
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests import warm
from tests.cli.world import build, environment
from tests.paths.lines import HOST, LINES, Role

NOBODY = 65534
HUGE = 10 << 30
LONG = "n" * 300
TEXTS = {
    "inventory.ini": "[web]\nweb-1\n", "inventory.md": "# Services\n\napi runs.\n", "comment.md": "# A comment\n",
    "registry/policy.toml": "[gate]\nlint = true\n",
    "units/a.service": "[Service]\nExecStart=/usr/bin/true\n", "box.qtbackup": "not a backup\n",
}  # fmt: skip
WRITES = ("out", "qtctl-demo", "shop", "adopted", "told.json")
READ = frozenset({Role.FILE, Role.FOLDER, Role.STORE})
WRITTEN = frozenset(Role) - READ
FILES = frozenset({Role.FILE, Role.OUT})
FOLDERS = frozenset(Role) - FILES


@dataclass(frozen=True)
class Kind:
    """A kind of path. `fine`: for what it may be right, so that no refusal is asked for."""

    name: str
    path: str
    fine: frozenset[Role] = frozenset()


KINDS = (
    Kind("missing", "kinds/missing", WRITTEN),
    Kind("below what is missing", "kinds/missing/too", WRITTEN),
    Kind("below a file", "kinds/file/below"),
    Kind("a folder", "kinds/folder", FOLDERS),
    Kind("an empty folder", "kinds/void", FOLDERS),
    Kind("a file", "kinds/file", FILES),
    Kind("an empty file", "kinds/empty", FILES),
    Kind("an unreadable file", "kinds/mode-000", frozenset({Role.OUT})),
    Kind("an unreadable folder", "kinds/closed"),
    Kind("in a folder that may not be entered", "kinds/closed/inside"),
    Kind("in a folder that may not be written", "kinds/fixed/new"),
    Kind("a dangling link", "kinds/dangling", frozenset({Role.OUT})),
    Kind("a link loop", "kinds/loop", frozenset({Role.OUT})),
    Kind("below a link loop", "kinds/loop/below"),
    Kind("a FIFO", "kinds/fifo"),
    Kind("a socket", "kinds/socket"),
    Kind("a device without end", "/dev/zero"),
    Kind("a device that is full", "/dev/full"),
    Kind("too long a name", f"kinds/{LONG}"),
    Kind("too long a path", "kinds/" + "long/" * 900 + "x"),
    Kind("a line feed in the name", "kinds/two\nlines", WRITTEN),
    Kind("not UTF-8", "kinds/caf\udce9", WRITTEN),
    Kind("an escape sequence in the name", "kinds/\x1b[31mred", WRITTEN),
    Kind("empty", ""),
    Kind("huge", "kinds/huge", frozenset({Role.OUT})),
    Kind("on a file system that is read-only", "kinds/fixed-system/new"),
    Kind("on a file system that is full", "kinds/full-system/new"),
    Kind("in /proc", "/proc/new"),
)  # fmt: skip


@dataclass(frozen=True)
class Ground:
    folder: Path
    account: int | None

    def run(self, *argv: str, timeout_s: float = 60) -> tuple[int, str, str]:
        code, out, err = warm.run(
            argv, cwd=self.folder, env=self.environment(), timeout_s=timeout_s, account=self.account
        )
        return code, out.decode(), err.decode()

    def environment(self) -> Mapping[str, str]:
        own = {"HOME": str(self.folder / "home"), "QTCTL_KEEP": "off", "QTCTL_TRAIL": str(self.folder / "home/trail")}
        return environment(self.folder, **own)

    def listing(self) -> dict[str, tuple[int, int, int]]:
        """Path → mode, inode, time of the last change; except what every command may write, its trail."""
        found = {}
        for path, folders, files in os.walk(self.folder):
            for name in (*folders, *files):
                whole = Path(path, name)
                said = whole.lstat()
                changed = 0 if stat.S_ISDIR(said.st_mode) else said.st_mtime_ns
                found[str(whole.relative_to(self.folder))] = (said.st_mode, said.st_ino, changed)
        return {path: said for path, said in found.items() if not path.startswith(("home", ".lab"))}

    def restore(self, before: dict[str, tuple[int, int, int]]) -> None:
        """Undo what a command that was content with its path has done."""
        after = self.listing()
        if after == before:
            return
        for path in sorted(after.keys() - before.keys()):
            whole = self.folder / path
            shutil.rmtree(whole) if whole.is_dir() and not whole.is_symlink() else whole.unlink(missing_ok=True)
        if any(after.get(path) != said for path, said in before.items() if path.startswith("kinds/")):
            _make_files(self.folder / "kinds")
            _own(self)

    def clean(self) -> None:
        """Without what the good lines write."""
        for name in WRITES:
            whole = self.folder / name
            shutil.rmtree(whole) if whole.is_dir() else whole.unlink(missing_ok=True)


@contextmanager
def make_ground() -> Iterator[Ground]:
    """Below the folder for temporary files, since pytest's own may be entered by its account alone."""
    folder = Path(tempfile.mkdtemp(prefix="qtctl-paths-"))
    folder.chmod(0o755)
    account = NOBODY if os.geteuid() == 0 else None
    mounted: list[Path] = []
    try:
        ground = Ground(folder / "ground", account)
        ground.folder.mkdir()
        _fill(ground)
        mounted += _mount(ground.folder / "kinds")
        yield ground
    finally:
        for each in mounted:
            subprocess.run(["umount", str(each)], check=True)
        for closed in ("closed", "fixed"):
            (folder / "ground/kinds" / closed).chmod(0o755)
        shutil.rmtree(folder)


def _fill(ground: Ground) -> None:
    build(ground.folder)
    for path, text in TEXTS.items():
        (ground.folder / path).parent.mkdir(exist_ok=True)
        (ground.folder / path).write_text(text)
    for name in ("home", "kinds"):
        (ground.folder / name).mkdir()
    _own(ground)
    for line in (
        ("audit", "--host", HOST, "--save", "evidence.json"),
        ("snapshot", "take", *LINES["snapshot take"]),
        ("report", "registry", "--from", "evidence.json", "--format", "json", "--out", "registry.json"),
    ):
        code, _, err = ground.run(*line)
        assert code in (0, 3), err
    _make_kinds(ground.folder / "kinds")
    _own(ground)


def _own(ground: Ground) -> None:
    if ground.account is None:
        return
    os.chown(ground.folder, ground.account, ground.account)
    for path, folders, files in os.walk(ground.folder):
        for name in (*folders, *files):
            with suppress(OSError):
                os.chown(Path(path, name), ground.account, ground.account, follow_symlinks=False)


def _make_kinds(kinds: Path) -> None:
    for name in ("folder", "void", "closed", "fixed", "fixed-system", "full-system"):
        (kinds / name).mkdir()
    (kinds / "folder/file").write_text("just a line\n")
    (kinds / "closed/inside").write_text("just a line\n")
    os.mkfifo(kinds / "fifo")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(kinds / "socket"))
    _make_files(kinds)
    (kinds / "closed").chmod(0)
    (kinds / "fixed").chmod(0o555)


def _make_files(kinds: Path) -> None:
    """What a command may replace."""
    for name in ("file", "mode-000", "empty", "dangling", "loop", "huge"):
        (kinds / name).unlink(missing_ok=True)
    for name in ("file", "mode-000"):
        (kinds / name).write_text("just a line\n")
    (kinds / "empty").touch()
    (kinds / "dangling").symlink_to("nowhere")
    (kinds / "loop").symlink_to("loop")
    with (kinds / "huge").open("wb") as file:
        file.truncate(HUGE)
    (kinds / "mode-000").chmod(0)


def _mount(kinds: Path) -> list[Path]:
    """The file systems that are read-only and full, where root may mount; elsewhere the folders are just empty."""
    mounted = []
    for name, options in (("full-system", "size=4k,mode=777"), ("fixed-system", "ro,mode=777")):
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(kinds / name)], check=False)
        mounted += [kinds / name] if done.returncode == 0 else []
    if kinds / "full-system" in mounted:
        (kinds / "full-system/filler").write_bytes(b"x" * 4096)
    return mounted
