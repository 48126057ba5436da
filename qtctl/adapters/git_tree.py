"""The files of a registry as a commit has them, and which files git is about to commit. Git only reads objects here.

No program that the configuration of the checkout names is run, and nothing is fetched or written. Each object is
checked against its id.
"""

import os
import posixpath
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import IO

from qtctl.adapters.files import LARGEST, LARGEST_BELOW
from qtctl.dialects.git.trees import UnreadObject, check_object, read_tree, read_tree_of_commit
from qtctl.dialects.paths import has_control
from qtctl.errors import InputError

DEADLINE_S = 60.0
MOST_FILES, MOST_DEPTH, MOST_LINKS, LONGEST_REF = 100_000, 60, 40, 250
_LINK, _ID = 0o120000, (40, 64)
_CONFIG = (
    "core.fsmonitor=false", "core.hooksPath=/dev/null", "protocol.allow=never", "gc.auto=0",
    "safe.bareRepository=explicit", "safe.directory=*",
)  # fmt: skip
_ENV = {
    "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_NO_REPLACE_OBJECTS": "1", "LC_ALL": "C",
    "GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0",
}  # fmt: skip
_HINT = "fetch it: git fetch origin COMMIT; in CI, the checkout may have the newest commit alone"


@dataclass(frozen=True, slots=True)
class RegistryAt:
    """`files`: as `adapters.files.read_registry` gives them."""

    commit: str
    files: Mapping[str, bytes]


def read_registry_at(ref: str, folder: Path) -> RegistryAt:
    """The registry in `folder` as a commit has it. InputError if git, the commit or the folder in it is not there."""
    if not ref or ref.startswith("-") or has_control(ref) or len(ref) > LONGEST_REF:
        raise InputError(f"--base {ref[:LONGEST_REF]!r} is not the name of a commit", hint="a branch, a tag or an id")
    prefix = _ask_git(folder, "rev-parse", "--show-prefix").decode("utf-8", "surrogateescape").removesuffix("\n")
    try:
        with _open_objects(folder) as objects:
            commit, content = objects.read(f"{ref}^{{commit}}", "commit")
            top = read_tree_of_commit(content)
            tree = objects.find_folder(top, prefix)
            return RegistryAt(commit, dict(sorted(_read_files(objects, tree))))
    except UnreadObject as error:
        raise InputError(f"the registry of {ref} cannot be read: {error}", hint=_HINT) from error


def read_files_at(folder: Path, commit: str) -> Mapping[str, bytes] | None:
    """As `read_registry_at`, if it does not matter why they cannot be read: then None."""
    try:
        return read_registry_at(commit, folder).files or None
    except InputError:
        return None


def list_staged(folder: str) -> dict[str, str] | None:
    """Path below this folder → id of its content as git would commit it. None outside of a checkout.

    InputError if git cannot be asked about one.
    """
    here = Path().absolute()
    if not any(os.path.lexists(each / ".git") for each in (here, *here.parents)):
        return None
    said = _ask_git(here, "ls-files", "--stage", "-z", "--", folder)
    rows = (row.partition("\t") for row in said.decode("utf-8", "surrogateescape").split("\0") if row)
    return {path: meta.split()[1] for meta, _, path in rows}


def _ask_git(folder: Path, *words: str) -> bytes:
    config = (word for each in _CONFIG for word in ("-c", each))
    try:
        done = subprocess.run(
            ["git", "--literal-pathspecs", *config, "-C", str(folder.absolute()), *words],
            env=_make_environment(), stdin=subprocess.DEVNULL,
            capture_output=True, check=False, timeout=DEADLINE_S,
        )  # fmt: skip
    except OSError as error:
        raise InputError(f"git could not be run: {error.strerror}", hint="install git on this machine") from error
    except subprocess.TimeoutExpired as error:
        raise InputError(f"git did not answer within {DEADLINE_S:.0f} s", hint="try again") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        raise InputError(f"git cannot read {folder}: {said}", hint="run it in a checkout of the registry")
    return done.stdout


def _make_environment() -> dict[str, str]:
    """A hook of git is given the index that is about to be committed: that one counts."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    index = os.environ.get("GIT_INDEX_FILE")
    return {**kept, **_ENV, **({"GIT_INDEX_FILE": index} if index else {})}


@dataclass
class _Objects:
    asked: IO[bytes]
    said: IO[bytes]
    left: int = LARGEST

    def read(self, name: str, kind: str) -> tuple[str, bytes]:
        """Id and content of what a name means. UnreadObject if there is none of that kind."""
        self.asked.write(name.encode("utf-8", "surrogateescape") + b"\n")
        self.asked.flush()
        head = self.said.readline(2 * LONGEST_REF).split()
        if len(head) != 3 or head[1] != kind.encode() or len(head[0]) not in _ID:  # noqa: PLR2004 - id, kind, size
            raise UnreadObject(f"there is no {kind} {name.removesuffix('^{commit}')[:60]}")
        size = int(head[2])
        self.left -= size
        if size > LARGEST_BELOW or self.left < 0:
            raise UnreadObject(f"{kind} {name[:12]} is larger than a registry may be")
        content = self.said.read(size)
        self.said.read(1)
        id_ = head[0].decode()
        return id_, check_object(id_, kind, content)

    def find_folder(self, tree: str, path: str) -> str:
        """The tree of a folder. Everything else, such as submodules, is ignored."""
        if not path:
            return tree
        return self.read(f"{tree}:{path.rstrip('/')}", "tree")[0]

    def walk(self, tree: str, above: str = "", depth: int = 0) -> "Iterator[tuple[str, int, str]]":
        """Path, mode and id of everything below that is not a folder."""
        if depth > MOST_DEPTH:
            raise UnreadObject("its folders are too deep")
        for entry in read_tree(self.read(tree, "tree")[1], len(tree) // 2):
            path = above + entry.name.decode("utf-8", "surrogateescape")
            if entry.is_folder:
                yield from self.walk(entry.id, f"{path}/", depth + 1)
            else:
                yield path, entry.mode, entry.id


def _read_files(objects: _Objects, tree: str) -> Iterator[tuple[str, bytes]]:
    found: dict[str, tuple[int, str]] = {}
    for path, mode, id_ in objects.walk(tree):
        found[path] = mode, id_
        if len(found) > MOST_FILES:
            raise UnreadObject(f"more than {MOST_FILES} files")
    for path, (mode, id_) in found.items():
        name = path.rpartition("/")[2]
        if not (name.endswith(".toml") or (path.startswith("locks/") and not name.startswith("."))):
            continue
        if mode == _LINK and name.startswith("."):
            continue
        yield path, objects.read(_follow(objects, found, path) if mode == _LINK else id_, "blob")[1]


def _follow(objects: _Objects, found: Mapping[str, tuple[int, str]], path: str) -> str:
    """The id of the file that a link leads to, which must be one of these."""
    for _ in range(MOST_LINKS):
        mode, id_ = found.get(path, (0, ""))
        if mode != _LINK:
            break
        target = objects.read(id_, "blob")[1].decode("utf-8", "surrogateescape")
        path = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    if mode in (0, _LINK):
        raise UnreadObject(f"{path[:200]} is a link that leads to no file of the registry")
    return id_


@contextmanager
def _open_objects(folder: Path) -> Iterator[_Objects]:
    config = (word for each in _CONFIG for word in ("-c", each))
    process = subprocess.Popen(
        ["git", *config, "-C", str(folder.absolute()), "cat-file", "--batch"],
        env=_make_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    watch = Timer(DEADLINE_S, process.kill)
    watch.daemon = True
    watch.start()
    asked, said = process.stdin, process.stdout
    if asked is None or said is None:
        raise AssertionError("both are pipes")
    try:
        yield _Objects(asked, said)
    except BrokenPipeError as error:
        raise UnreadObject("git ended before it had answered") from error
    finally:
        watch.cancel()
        process.kill()
        for each in (asked, said):
            with suppress(BrokenPipeError):
                each.close()
        process.wait()
