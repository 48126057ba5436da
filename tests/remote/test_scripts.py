"""The scripts that run on hosts: shells and shellcheck understand them, and `is_trusted` is the rule of access.py."""

import ast
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from qtctl.meaning.access import Entry, Kind, find_first_change, walk
from qtctl.remote.scripts import read_script

QTCTL = Path(__file__).parent.parent.parent / "qtctl"
SCRIPTS = sorted((QTCTL / "remote").glob("*.sh"), key=lambda path: path.name)
SHELLS = [name for name in ("dash", "bash", "busybox") if shutil.which(name)]
SOMEBODY = 65533


def shell(name: str) -> list[str]:
    return [name, "sh"] if name == "busybox" else [name]


@pytest.mark.parametrize("name", SHELLS)
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_every_shell_can_read_them(script: Path, name: str) -> None:
    assert subprocess.run([*shell(name), "-n", str(script)], capture_output=True, check=True).stderr == b""


def test_shellcheck() -> None:
    """The distribution's; in CI it has to be there."""
    if shutil.which("shellcheck") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("shellcheck is not installed, and CI=true does not let that pass")
        pytest.skip("shellcheck is not installed (apt-get install shellcheck)")
    done = subprocess.run(["shellcheck", *map(str, SCRIPTS)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_nothing_that_runs_on_hosts_is_a_script_in_a_string() -> None:
    """More than one line with words of a shell: that belongs into a file, where shellcheck sees it."""
    rooms = ("apply", "probes", "collect", "adapters", "flows", "plan", "remote")
    modules = [path for room in rooms for path in sorted((QTCTL / room).rglob("*.py"))]
    assert [f"{path.relative_to(QTCTL)}:{line}" for path in modules for line in shell_in(path.read_text())] == []


SHELL_WORDS = re.compile(r"\n *(fi|done|esac|then|\[ |printf |while |for \w+ in |if \[)|\$\(|; (do|then)\b")


def shell_in(source: str) -> list[int]:
    """Lines of string constants, f-strings too, that have line breaks and are sh. Docstrings are no scripts."""
    tree = ast.parse(source)
    shown = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    constants = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in shown)
    found = [(node.lineno, node.value) for node in constants if isinstance(node.value, str)]
    return [line for line, value in found if value.count("\n") > 1 and SHELL_WORDS.search(value)]


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ('A = """tries=0\nwhile [ $tries -lt 3 ]; do\n  sleep 1\ndone\n"""', [1]),
        ('x = 1\nA = f"""\none() {{\n  [ -f {x} ] || return\n}}\n"""', [2]),
        ('"""Text\nwhile [ it ]; do\ndone\n"""\nA = "rm -rf -- x\\n"', []),
    ],
)
def test_a_script_in_a_string_is_found(source: str, lines: list[int]) -> None:
    assert shell_in(source) == lines


@dataclass
class Tree:
    """Folders and links below a temporary folder of root's."""

    base: Path
    made: list[Path] = field(default_factory=list)

    def folder(self, path: str, mode: int = 0o755, uid: int = 0, gid: int = 0) -> None:
        at = self.base / path
        at.mkdir()
        os.chown(at, uid, gid)
        at.chmod(mode)

    def link(self, path: str, target: str, uid: int = 0) -> None:
        at = self.base / path
        at.symlink_to(target.replace("BASE", str(self.base)))
        os.lchown(at, uid, 0)

    def file(self, path: str) -> None:
        (self.base / path).touch()


def _plain(tree: Tree) -> None:
    tree.folder("a")
    tree.folder("a/b")


def _owned(tree: Tree) -> None:
    tree.folder("a", uid=SOMEBODY)
    tree.folder("a/b")


def _last_owned(tree: Tree) -> None:
    tree.folder("a")
    tree.folder("a/b", uid=SOMEBODY)


def _group(tree: Tree) -> None:
    tree.folder("a", 0o775, gid=SOMEBODY)
    tree.folder("a/b")


def _world(tree: Tree) -> None:
    tree.folder("a", 0o777)
    tree.folder("a/b")


def _sticky(tree: Tree) -> None:
    tree.folder("a", 0o1777)
    tree.folder("a/b")


def _sticky_owned(tree: Tree) -> None:
    tree.folder("a", 0o1777)
    tree.folder("a/b", uid=SOMEBODY)


def _sticky_last(tree: Tree) -> None:
    tree.folder("a")
    tree.folder("a/b", 0o1777)


def _sticky_missing(tree: Tree) -> None:
    tree.folder("a", 0o1777)


def _missing(tree: Tree) -> None:
    tree.folder("a")


def _missing_in_owned(tree: Tree) -> None:
    tree.folder("a", uid=SOMEBODY)


def _link(tree: Tree) -> None:
    tree.folder("real")
    tree.folder("real/b")
    tree.link("a", "real")


def _link_whose_owner_is_somebody(tree: Tree) -> None:
    tree.folder("real")
    tree.folder("real/b")
    tree.link("a", "BASE/real", uid=SOMEBODY)


def _link_to_owned(tree: Tree) -> None:
    tree.folder("real", uid=SOMEBODY)
    tree.folder("real/b")
    tree.link("a", "./real/")


def _link_through_owned(tree: Tree) -> None:
    """The end is root's, and so is the link; a link between them is not."""
    tree.folder("real")
    tree.folder("real/b")
    tree.folder("theirs", uid=SOMEBODY)
    tree.link("theirs/l", "../real")
    tree.link("a", "BASE/theirs/l")


def _link_in_sticky(tree: Tree) -> None:
    tree.folder("real")
    tree.folder("s", 0o1777)
    tree.link("s/l", "../real", uid=SOMEBODY)
    tree.folder("real/b")
    tree.link("a", "s/l")


def _link_in_sticky_of_roots(tree: Tree) -> None:
    tree.folder("real")
    tree.folder("s", 0o1777)
    tree.link("s/l", "../real")
    tree.folder("real/b")
    tree.link("a", "s/l")


def _link_in_itself(tree: Tree) -> None:
    tree.link("a", "a")


def _link_to_nowhere(tree: Tree) -> None:
    tree.folder("theirs", uid=SOMEBODY)
    tree.link("a", "theirs/no")


WAYS: dict[str, tuple[Callable[[Tree], None], str]] = {
    "all root's": (_plain, ""),
    "a folder above is somebody's": (_owned, "BASE/a can be changed by user 65533 (its owner)"),
    "the folder is somebody's": (_last_owned, "BASE/a/b can be changed by user 65533 (its owner)"),
    "a group may write": (_group, "BASE/a can be changed by group 65533 (mode 0775)"),
    "all may write": (_world, "BASE/a can be changed by every user (mode 0777)"),
    "sticky, and root's below": (_sticky, ""),
    "sticky, and somebody's below": (_sticky_owned, "BASE/a can be changed by every user (mode 1777)"),
    "the last is sticky": (_sticky_last, "BASE/a/b can be changed by every user (mode 1777)"),
    "missing in a sticky one": (_sticky_missing, "BASE/a can be changed by every user (mode 1777)"),
    "missing": (_missing, ""),
    "missing in somebody's": (_missing_in_owned, "BASE/a can be changed by user 65533 (its owner)"),
    "a link": (_link, ""),
    "somebody's link in a folder of root's": (_link_whose_owner_is_somebody, ""),
    "a link to somebody's": (_link_to_owned, "BASE/real can be changed by user 65533 (its owner)"),
    "a link through somebody's": (_link_through_owned, "BASE/theirs can be changed by user 65533 (its owner)"),
    "somebody's link in a sticky folder": (_link_in_sticky, "BASE/s can be changed by every user (mode 1777)"),
    "root's link in a sticky folder": (_link_in_sticky_of_roots, ""),
    "a link to nothing in somebody's": (_link_to_nowhere, "BASE/theirs can be changed by user 65533 (its owner)"),
}  # fmt: skip


@pytest.mark.skipif(os.geteuid() != 0, reason="folders are given to others")
@pytest.mark.parametrize("name", SHELLS)
@pytest.mark.parametrize("case", sorted(WAYS))
def test_the_script_and_the_pure_rule_say_the_same(tmp_path: Path, case: str, name: str) -> None:
    make, wanted = WAYS[case]
    make(Tree(tmp_path))
    path = f"{tmp_path}/a//./b/"
    assert _by_script(name, path) == wanted.replace("BASE", str(tmp_path))
    change = find_first_change(walk(path, _entries(tmp_path)).entries)
    assert (change.describe() if change else "") == wanted.replace("BASE", str(tmp_path))


@pytest.mark.parametrize("name", SHELLS)
def test_a_link_without_an_end_and_a_file_on_the_way_are_no_way(tmp_path: Path, name: str) -> None:
    tree = Tree(tmp_path)
    _link_in_itself(tree)
    tree.file("file")
    assert _by_script(name, f"{tmp_path}/a/b") == f"{tmp_path}/a leads nowhere"
    assert _by_script(name, f"{tmp_path}/file") == f"{tmp_path}/file is not a folder"


@pytest.mark.parametrize("name", SHELLS)
def test_what_was_found_good_is_not_forgotten_and_not_mixed_up(tmp_path: Path, name: str) -> None:
    tree = Tree(tmp_path)
    _sticky(tree)
    asked = [f"{tmp_path}/a/b", f"{tmp_path}/a", f"{tmp_path}/a/b/new", f"{tmp_path}/a/new", "/"]
    assert [bool(why) for why in _by_script(name, *asked).split(";")] == [False, True, False, True, False]


def _by_script(name: str, *paths: str) -> str:
    script = read_script("way.sh") + 'for each; do is_trusted "$each"; printf "%s;" "$why"; done\n'
    done = subprocess.run(
        [*shell(name), "-s", "--", *paths], input=script.encode(), capture_output=True, check=True, timeout=20
    )
    assert done.stderr == b""
    return done.stdout.decode().removesuffix(";")


def _entries(base: Path) -> dict[str, Entry]:
    return {str(path): _entry(path) for path in (*base.parents, base, *base.rglob("*"))}


def _entry(path: Path) -> Entry:
    found = path.lstat()
    kind = Kind.LINK if path.is_symlink() else Kind.FOLDER if path.is_dir() else Kind.FILE
    target = str(path.readlink()) if path.is_symlink() else ""
    return Entry(str(path), kind, found.st_uid, found.st_gid, found.st_mode & 0o7777, target)
