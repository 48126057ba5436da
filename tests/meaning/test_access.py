"""Who could change what a path leads to: a table of ways, and the kernel as the judge of real ones."""

import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from qtctl.meaning.access import MOST_LINKS, By, Entry, Kind, Way, find_first_change, walk

OTHER, GROUP = 61234, 61235
"""Nobody's numbers: of a user, and of a group that he is in."""

KINDS = {"d": Kind.FOLDER, "f": Kind.FILE, "p": Kind.OTHER}
ROOTED = ("/ d 0:0 755", "/srv d 0:0 755", "/tmp d 0:0 1777", "/usr d 0:0 755", "/usr/bin d 0:0 755",
          "/usr/bin/python3 f 0:0 755", "/bin l 0:0 usr/bin")  # fmt: skip


def entry(line: str) -> Entry:
    """`/srv/app d 0:0 755`, `/srv/link l 0:0 target`."""
    path, kind, owner, last = line.split()
    uid, gid = map(int, owner.split(":"))
    if kind == "l":
        return Entry(path, Kind.LINK, uid, gid, 0o777, last)
    return Entry(path, KINDS[kind], uid, gid, int(last, 8))


def known(*lines: str) -> dict[str, Entry]:
    return {each.path: each for each in map(entry, (*ROOTED, *lines))}


def met(way: Way) -> list[str]:
    return [each.path for each in way.entries]


def test_walk_meets_each_folder() -> None:
    way = walk("/usr/bin/python3", known())
    assert met(way) == ["/", "/usr", "/usr/bin", "/usr/bin/python3"]
    assert way.end == entry("/usr/bin/python3 f 0:0 755")


def test_walk_follows_links_from_the_folder_that_they_are_in() -> None:
    way = walk("/srv/./python", known("/srv/python l 5:5 ../bin/../bin/python3"))
    start, through_link = ["/", "/srv", "/srv/python", "/srv", "/"], ["/bin", "/", "/usr", "/usr/bin", "/usr"]
    assert met(way) == [*start, *through_link, "/usr/bin", "/usr/bin/python3"]


def test_the_folder_of_an_entry_stands_before_it() -> None:
    lines = known("/srv/v d 5:5 755", "/srv/v/a l 5:5 ./b/", "/srv/v/b l 5:5 /srv/../bin", "/srv/c l 0:0 v/a/python3")
    way = walk("/srv/c", lines)
    assert way.end == lines["/usr/bin/python3"]
    below = zip(way.entries, way.entries[1:], strict=False)
    assert all(os.path.dirname(b.path) == a.path for a, b in below if b.kind is not Kind.FOLDER)  # noqa: PTH120


@pytest.mark.parametrize(
    ("path", "missing"),
    [("/srv/none", "/srv/none"), ("/srv/none/deeper", "/srv/none"), ("/usr/bin/python3/x", "/usr/bin/python3/x")],
)
def test_what_is_missing_is_named(path: str, missing: str) -> None:
    way = walk(path, known())
    assert (way.end, way.missing) == (None, missing)


@pytest.mark.parametrize("target", ["a", "./a", "/srv/a", "b", "../srv/b"])
def test_links_in_a_circle_end(target: str) -> None:
    way = walk("/srv/a", known(f"/srv/a l 0:0 {target}", "/srv/b l 0:0 a"))
    assert way.end is None
    assert len(way.entries) <= 4 * (MOST_LINKS + 1)


def test_relative_paths_are_not_walked() -> None:
    with pytest.raises(ValueError, match="not an absolute path"):
        walk("srv", known())


# path, what is there beside ROOTED, users trusted beside root, what is said.
TABLE = {
    "root's own": ("/usr/bin/python3", (), (), ""),
    "through a link of root's": ("/bin/python3", (), (), ""),
    "a file of its owner": ("/srv/f", ("/srv/f f 5:5 644",), (), "/srv/f can be changed by user 5 (its owner)"),
    "the owner is trusted": ("/srv/f", ("/srv/f f 5:5 644",), (5,), ""),
    "its owner can chmod it": ("/srv/f", ("/srv/f f 5:5 0",), (), "/srv/f can be changed by user 5 (its owner)"),
    "group may write": ("/srv/f", ("/srv/f f 0:50 664",), (), "/srv/f can be changed by group 50 (mode 0664)"),
    "group root too: an ACL shows there": (
        "/srv/f", ("/srv/f f 0:0 664",), (), "/srv/f can be changed by group 0 (mode 0664)",
    ),
    "everyone may write": ("/srv/f", ("/srv/f f 0:0 666",), (), "/srv/f can be changed by every user (mode 0666)"),
    "a FIFO": ("/srv/p", ("/srv/p p 0:0 622",), (), "/srv/p can be changed by every user (mode 0622)"),
    "a folder on the way": (
        "/srv/d/f", ("/srv/d d 5:5 755", "/srv/d/f f 0:0 644"), (), "/srv/d can be changed by user 5 (its owner)",
    ),
    "a folder that a group may write": (
        "/srv/d/f", ("/srv/d d 0:50 775", "/srv/d/f f 0:0 644"), (), "/srv/d can be changed by group 50 (mode 0775)",
    ),
    "the folder of a link": (
        "/srv/d/f", ("/srv/d d 5:5 755", "/srv/d/f l 0:0 /usr/bin/python3"), (),
        "/srv/d can be changed by user 5 (its owner)",
    ),
    "the folder of a link's target": (
        "/srv/f", ("/srv/d d 5:5 755", "/srv/d/f f 0:0 644", "/srv/f l 0:0 d/f"), (),
        "/srv/d can be changed by user 5 (its owner)",
    ),
    "a stranger's link in root's folder": ("/srv/f", ("/srv/f l 5:5 /usr/bin/python3",), (), ""),
    "sticky: root's entry cannot be replaced": ("/tmp/f", ("/tmp/f f 0:0 644",), (), ""),
    "sticky: a trusted user's neither": ("/tmp/f", ("/tmp/f f 5:5 644",), (5,), ""),
    "sticky: a stranger's can": ("/tmp/f", ("/tmp/f f 5:5 644",), (), "/tmp can be changed by every user (mode 1777)"),
    "sticky: a stranger's link": (
        "/tmp/f", ("/tmp/f l 5:5 /usr/bin/python3",), (), "/tmp can be changed by every user (mode 1777)",
    ),
    "sticky: root's link to a stranger's": (
        "/tmp/f", ("/tmp/f l 0:0 g", "/tmp/g l 5:5 /usr/bin/python3"), (),
        "/tmp can be changed by every user (mode 1777)",
    ),
    "sticky: entries can be made in it": ("/tmp", (), (), "/tmp can be changed by every user (mode 1777)"),
    "sticky: a missing entry too": ("/tmp/f", (), (), "/tmp can be changed by every user (mode 1777)"),
    "sticky, and of a stranger": (
        "/srv/d/f", ("/srv/d d 5:5 1777", "/srv/d/f f 0:0 644"), (), "/srv/d can be changed by user 5 (its owner)",
    ),
    "through a stranger's folder and back: stricter than the kernel": (
        "/srv/d/../f", ("/srv/d d 5:5 755", "/srv/f f 0:0 644"), (), "/srv/d can be changed by user 5 (its owner)",
    ),
    "a circle": ("/srv/a", ("/srv/a l 0:0 a",), (), ""),
    "the first is said": (
        "/srv/d/f", ("/srv/d d 5:5 755", "/srv/d/f f 6:6 644"), (), "/srv/d can be changed by user 5 (its owner)",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("path", "lines", "trusted", "said"), TABLE.values(), ids=TABLE)
def test_first_change(path: str, lines: tuple[str, ...], trusted: tuple[int, ...], said: str) -> None:
    found = find_first_change(walk(path, known(*lines)).entries, trusted)
    assert (found.describe() if found else "") == said


def test_names_are_said_where_they_are_known() -> None:
    found = find_first_change([entry("/srv/f f 5:50 664")])
    assert found is not None
    assert found.by is By.OWNER
    assert found.name_who({5: "quarry"}) == "user quarry"
    shared = find_first_change([entry("/srv/f f 0:50 664")])
    assert shared is not None
    assert shared.name_who({}, {50: "staff"}) == "group staff"


# What is made in a folder of its own, in that order; the path that is asked for is `x`.
# `path kind owner:group mode-or-target`; o and g stand for OTHER and GROUP, r for root.
REAL = {
    "root's": ("x f r:r 644",),
    "its owner's": ("x f o:r 444",),
    "written by a group": ("x f r:g 664",),
    "written by another group": ("x f r:r 644", "y f r:g 664"),
    "written by everyone": ("x f r:r 646",),
    "a link of root's": ("y f r:r 644", "x l r:r y"),
    "a link of a stranger's in root's folder": ("y f r:r 644", "x l o:g y"),
    "a link into a stranger's folder": ("d d o:g 755", "d/y f r:r 644", "x l r:r d/y"),
    "a sticky folder, root's entry": ("d d r:r 1777", "d/y f r:r 644", "x l r:r d/y"),
    "a sticky folder, a stranger's link": ("y f r:r 644", "d d r:r 1777", "d/y l o:g ../y", "x l r:r d/y"),
    "a sticky folder, a link to a stranger's link": (
        "y f r:r 644", "d d r:r 1777", "d/z l o:g ../y", "d/y l r:r z", "x l r:r d/y",
    ),
    "a sticky folder of a stranger's": ("d d o:r 1755", "d/y f r:r 644", "x l r:r d/y"),
    "a folder of a group": ("d d r:g 775", "d/y f r:r 644", "x l r:r d/y"),
    "a folder of a group, not written": ("d d r:g 755", "d/y f r:r 644", "x l r:r d/y"),
}  # fmt: skip

# Tries, as somebody else, to write to or to replace each of the paths that the way meets.
ATTACK = """import contextlib, os, pathlib, sys
for path in map(pathlib.Path, sys.argv[1:]):
    for attempt in (lambda: path.is_symlink() or path.chmod(0o777), lambda: path.parent.chmod(0o777),
                    lambda: path.write_text("evil"), lambda: path.rename(path.with_name("old"))):
        with contextlib.suppress(OSError):
            attempt()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """In /tmp itself: pytest's own folder lies below one that only root enters."""
    with tempfile.TemporaryDirectory(dir="/tmp") as made:
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.mark.skipif(os.geteuid() != 0, reason="makes files of other users")
@pytest.mark.parametrize("lines", REAL.values(), ids=REAL)
def test_the_kernel_agrees(folder: Path, lines: tuple[str, ...]) -> None:
    for line in lines:
        make(folder, line)
    way = walk(f"{folder}/x", look(folder))
    mine = sorted({each.path for each in way.entries if each.path.startswith(f"{folder}/")}, key=len, reverse=True)
    subprocess.run(
        [sys.executable, "-c", ATTACK, *mine], user=OTHER, group=GROUP, extra_groups=[GROUP], check=True, cwd="/"
    )
    assert way.end is not None
    assert (find_first_change(way.entries) is not None) == (read(folder / "x") != "good")


def make(folder: Path, line: str) -> None:
    name, kind, owner, last = line.split()
    path = folder / name
    uid, gid = ({"r": 0, "o": OTHER, "g": GROUP}[each] for each in owner.split(":"))
    if kind == "l":
        path.symlink_to(last)
    elif kind == "d":
        path.mkdir()
    else:
        path.write_text("good")
    os.chown(path, uid, gid, follow_symlinks=False)
    if kind != "l":
        path.chmod(int(last, 8))


def look(folder: Path) -> dict[str, Entry]:
    found = (*reversed(folder.parents), folder, *folder.rglob("*"))
    return {str(path): lstat(path) for path in found}


def lstat(path: Path) -> Entry:
    said = path.lstat()
    kinds = {stat.S_IFREG: Kind.FILE, stat.S_IFDIR: Kind.FOLDER, stat.S_IFLNK: Kind.LINK}
    kind = kinds.get(stat.S_IFMT(said.st_mode), Kind.OTHER)
    target = os.readlink(path) if kind is Kind.LINK else ""  # noqa: PTH115 -- as it is written
    return Entry(str(path), kind, said.st_uid, said.st_gid, stat.S_IMODE(said.st_mode), target)


def read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError as error:
        return str(error)


def test_nothing_is_changed_by_nobody() -> None:
    assert find_first_change(walk("/srv", {}).entries) is None
    assert walk("/srv", {}).missing == "/"
