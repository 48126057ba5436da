"""What is reached from an open folder, and what is not."""

import ctypes
import os
import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from qtctl.contained.folder import Folder, Links
from qtctl.contained.regular import MIB
from qtctl.errors import InputError
from tests.cli.world import listing

NOT_PLAIN = (
    "../x",
    "a/../../x",
    "/abs/../x",
    "..",
    "a/..",
    "a\0b",
    "a\nb",
    "a\u2028b",
    "a\x85b",
    "",
    ".",
    "/",
    "x" * 256,
    "d/" * 200,
)
AT_FDCWD = -100
ENOUGH, AT_MOST_S = 200, 20.0
OWN = (os.getuid(), os.getgid())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with another beside it, to which all kinds of links lead."""
    outside = tmp_path / "outside"
    (outside / "etc").mkdir(parents=True)
    (outside / "secret.toml").write_text("secret")
    inside = tmp_path / "root"
    (inside / "etc/real").mkdir(parents=True)
    (inside / "etc/real/file").write_text("inside")
    ways = {"out": "../outside", "abs": str(outside), "up": "etc/../../outside", "deep/out": "../../outside"}
    for name, target in {**ways, "chain": "out"}.items():
        (inside / name).parent.mkdir(exist_ok=True)
        (inside / name).symlink_to(target)
    return inside


@pytest.fixture
def before(root: Path) -> Iterator[None]:
    """Nothing beside the folder changes."""
    was = listing(root.parent / "outside")
    yield
    assert listing(root.parent / "outside") == was
    assert sorted(path.name for path in root.parent.iterdir()) == ["outside", "root"]


@pytest.mark.usefixtures("before")
@pytest.mark.parametrize("links", Links)
@pytest.mark.parametrize("path", NOT_PLAIN, ids=lambda path: repr(path[:20]))
def test_a_path_that_is_not_plain_is_refused(root: Path, path: str, links: Links) -> None:
    was = listing(root)
    with Folder.open(root, links) as folder:
        for act in (
            lambda: folder.write(path, b"x", 0o644),
            lambda: folder.link(path, "etc"),
            lambda: folder.read(path, MIB),
            lambda: folder.remove(path),
            lambda: folder.rewrite(path, b"x"),
            lambda: folder.check_writable(path),
        ):
            with pytest.raises(InputError):
                act()
    assert listing(root) == was


@pytest.mark.usefixtures("before")
@pytest.mark.parametrize("links", [Links.REFUSED, Links.INSIDE])
@pytest.mark.parametrize("link", ["out", "abs", "up", "chain", "deep/out"])
def test_a_link_out_is_no_way(root: Path, link: str, links: Links) -> None:
    was = listing(root)
    with Folder.open(root, links) as folder:
        for act in (
            lambda: folder.write(f"{link}/etc/new", b"x", 0o644),
            lambda: folder.link(f"{link}/new", "etc"),
            lambda: folder.make_folder(f"{link}/new", 0o755, OWN),
            lambda: folder.make_folder(link, 0o700, OWN),
            lambda: folder.read(f"{link}/secret.toml", MIB),
            lambda: folder.rewrite(f"{link}/secret.toml", b"x"),
            lambda: folder.remove(f"{link}/secret.toml"),
            lambda: folder.check_writable(f"{link}/new"),
        ):
            with pytest.raises(InputError, match=r"is a link|leads out of"):
                act()
    assert listing(root) == was


@pytest.mark.usefixtures("before")
@pytest.mark.parametrize("link", ["out", "abs", "up", "chain", "deep/out"])
def test_in_a_root_links_lead_to_the_root(root: Path, link: str) -> None:
    """As they will on the booted host: `/` is the root, and above it is nothing."""
    with Folder.open(root, Links.ROOTED) as folder:
        folder.write(f"{link}/etc/new", b"x", 0o644)
        folder.make_folder(f"{link}/folder", 0o750, OWN)
    assert [path.read_text() for path in root.rglob("new") if not path.is_symlink()] == ["x"]


def test_links_that_stay_inside(root: Path) -> None:
    (root / "alias").symlink_to("etc/real")
    (root / "etc/up").symlink_to("../etc/./real/../real")
    (root / "whole").symlink_to(root / "etc/real")
    (root / "name").symlink_to("alias/file")
    with Folder.open(root, Links.INSIDE) as folder:
        for path in ("alias/file", "etc/up/file", "whole/file", "name"):
            assert folder.read(path, MIB) == b"inside"
        folder.rewrite("name", b"new")
    assert (root / "name").is_symlink()
    assert (root / "etc/real/file").read_text() == "new"
    with Folder.open(root) as folder, pytest.raises(InputError, match="is a link"):
        folder.read("name", MIB)


@pytest.mark.parametrize("links", [Links.INSIDE, Links.ROOTED])
def test_links_in_a_circle(root: Path, links: Links) -> None:
    (root / "a").symlink_to("b")
    (root / "b").symlink_to("a")
    with Folder.open(root, links) as folder, pytest.raises(InputError, match="more than 40 links"):
        folder.read("a/x", MIB)


def test_absolute_links_of_a_root(root: Path) -> None:
    """As a merged /usr has them, and /var/run."""
    (root / "run").mkdir()
    (root / "var").mkdir()
    (root / "var/run").symlink_to("/run")
    (root / "var/up").symlink_to("../../../../etc")
    (root / "last").symlink_to("/etc")
    with Folder.open(root, Links.ROOTED) as folder:
        folder.write("/var/run/x/y", b"1", 0o644)
        folder.write("/var/up/passwd", b"2", 0o644)
        folder.write("/last", b"3", 0o644)
    assert (root / "run/x/y").read_bytes() == b"1"
    assert (root / "etc/passwd").read_bytes() == b"2"
    assert (root / "last").read_bytes() == b"3", "a link is replaced, not followed"


def test_a_file_is_whole_has_its_mode_and_leaves_nothing_beside_it(root: Path) -> None:
    (root / "link").symlink_to("/etc/hostname")
    with Folder.open(root) as folder:
        folder.write("a/b/c", b"one", 0o600)
        folder.write("a/b/c", b"two", 0o640)
        folder.write("link", b"three", 0o644)
        with pytest.raises(OSError, match="directory"):
            folder.write("a/b", b"", 0o644)
    assert ((root / "a/b/c").read_bytes(), (root / "a/b/c").stat().st_mode & 0o777) == (b"two", 0o640)
    assert not (root / "link").is_symlink()
    assert list(root.rglob(".*")) == []


def test_a_new_content_keeps_the_mode(root: Path) -> None:
    (root / "etc/real/file").chmod(0o640)
    with Folder.open(root) as folder:
        folder.rewrite("etc/real/file", b"x")
    assert (root / "etc/real/file").stat().st_mode & 0o777 == 0o640


def test_only_regular_files_are_read(root: Path) -> None:
    os.mkfifo(root / "fifo")
    (root / "device").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(root / "socket"))
    with (root / "sparse").open("wb") as file:
        file.truncate(30 * 1024**3)
    with Folder.open(root) as folder:
        for path, what in {"fifo": "FIFO", "socket": "socket", "etc": "folder", "sparse": "larger than 1 MiB"}.items():
            with pytest.raises(InputError, match=f"{path}: cannot be read: .*{what}"):
                folder.read(path, MIB)
        with pytest.raises(FileNotFoundError):
            folder.read("none", MIB)


@pytest.mark.skipif(os.geteuid() != 0, reason="makes a device")
def test_a_device_is_not_opened(root: Path) -> None:
    os.mknod(root / "zero", 0o20644, os.makedev(1, 5))
    with Folder.open(root) as folder, pytest.raises(InputError, match="zero: cannot be read: it is a device"):
        folder.read("zero", MIB)


@contextmanager
def swapping(one: Path, other: Path) -> Iterator[None]:
    """Another process that exchanges two paths, as fast as it goes (renameat2 with RENAME_EXCHANGE)."""
    exchange = ctypes.CDLL(None).renameat2
    child = os.fork()
    if child == 0:
        try:
            while exchange(AT_FDCWD, bytes(one), AT_FDCWD, bytes(other), 2) == 0:
                pass
        finally:
            os._exit(1)
    try:
        yield
    finally:
        os.kill(child, 9)
        assert os.waitpid(child, 0)[1] == 9, "it swapped until the end"


@pytest.mark.usefixtures("before")
@pytest.mark.parametrize("links", [Links.REFUSED, Links.INSIDE])
def test_a_folder_that_is_swapped_for_a_link_while_it_is_written(root: Path, links: Links) -> None:
    (root / "way/etc").mkdir(parents=True)
    outcomes: Counter[str] = Counter()
    end = time.monotonic() + AT_MOST_S
    with Folder.open(root, links) as folder, swapping(root / "way", root / "out"):
        while time.monotonic() < end and min(outcomes["written"], outcomes["refused"]) < ENOUGH:
            try:
                folder.write("way/etc/x", b"x", 0o644)
                outcomes["written"] += 1
            except (InputError, NotADirectoryError):
                outcomes["refused"] += 1
    assert min(outcomes["written"], outcomes["refused"]) > 0, outcomes


def test_no_descriptor_stays_open(root: Path) -> None:
    def count() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    was = count()
    with Folder.open(root, Links.INSIDE) as folder:
        for path in ("etc/real/file", "out/secret.toml", "none/x", "etc/real/file/x", "up/x"):
            try:
                folder.read(path, MIB)
            except (InputError, OSError):
                continue
    assert count() == was
