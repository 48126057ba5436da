"""Who could change a login: real homes, links and all, against Python's own look at them."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from qtctl.meaning.access import walk
from qtctl.meaning.logins import find_first_writable, list_login_paths, map_entries
from qtctl.model.account_facts import Auditor
from qtctl.model.evidence import Need, State
from qtctl.probes.answer import Answer
from qtctl.probes.batch import Probe
from qtctl.probes.logins import AGAIN, NEED, ROUNDS, probe
from tests.meaning.test_access import lstat
from tests.probes.host import ask, frame

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="makes files of other users")
UID, OTHER = 61234, 61235


@pytest.fixture
def home() -> Iterator[Path]:
    """A new home, in a folder that is root's."""
    with TemporaryDirectory(dir="/tmp") as made:
        Path(made).chmod(0o755)
        found = Path(made, "home")
        found.mkdir(0o755)
        os.chown(found, UID, UID)
        yield found


def looked_at(home: Path, shell: str = "/bin/sh") -> Answer:
    """The answer for an account of UID with this home."""
    (command,) = probe([NEED]).commands
    line = f"getent() {{ echo 'small:x:{UID}:{UID}::{home}:{shell}'; }}\n"
    (answer,) = ask(Probe((replace(command, script=line + command.script),), probe([NEED]).parse))
    return answer


def login(home: Path, shell: str = "/bin/sh") -> Auditor:
    answer = looked_at(home, shell)
    assert isinstance(answer.value, Auditor), answer
    return answer.value


def link(path: Path, target: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


def test_every_part_of_every_way_is_seen(home: Path) -> None:
    base = home.parent
    (base / "dots/deep").mkdir(parents=True)
    (base / "dots/deep/profile").write_text("x")
    link(home / ".profile", "../dots/./deep/../first")
    link(base / "dots/first", str(base / "second"))
    link(base / "second", "dots//deep/profile")
    link(home / ".config", f"{base}/dots/none")
    link(home / ".zshrc", ".zshrc")
    link(home / ".bashrc", "a\nl /x 0 0\t//b")
    found = login(home)
    known = map_entries(found.rows())
    for path in list_login_paths(str(home), "/bin/sh"):
        way = walk(path, known)
        real = walk(path, {each.path: lstat(Path(each.path)) for each in way.entries})
        if path != str(home / ".bashrc"):
            assert way == real
            assert not os.path.lexists(way.missing) or path.endswith(".zshrc"), "what is there was not seen"
    assert walk(str(home / ".profile"), known).end == lstat(base / "dots/deep/profile")
    assert find_first_writable(found) is None


def other(path: Path, mode: int | None = None, uid: int = OTHER) -> None:
    os.chown(path, uid, -1, follow_symlinks=False)
    if mode is not None:
        path.chmod(mode)


def a_file_of_anothers(home: Path) -> None:
    (home / ".bashrc").touch()
    other(home / ".bashrc")


def the_home_is_open(home: Path) -> None:
    home.chmod(0o777)


def the_home_is_of_a_group(home: Path) -> None:
    home.chmod(0o775)


def a_folder_above(home: Path) -> None:
    other(home.parent)


def a_link_into_anothers_folder(home: Path) -> None:
    (home.parent / "dots").mkdir()
    other(home.parent / "dots")
    (home.parent / "dots/zshenv").touch()
    link(home / ".zshenv", str(home.parent / "dots/zshenv"))


def a_link_to_nothing_yet(home: Path) -> None:
    (home.parent / "dots").mkdir()
    other(home.parent / "dots")
    link(home / ".profile", "../dots/profile")


def keys(home: Path) -> None:
    (home / ".ssh").mkdir()
    (home / ".ssh").chmod(0o775)
    os.chown(home / ".ssh", UID, OTHER)


ATTACKS = {
    a_file_of_anothers: (".bashrc", "user 61235 (its owner)"),
    the_home_is_open: ("", "every user (mode 0777)"),
    the_home_is_of_a_group: ("", "group 61234 (mode 0775)"),
    a_folder_above: ("", "every user (mode 1777)"),
    a_link_into_anothers_folder: (".zshenv", "user 61235 (its owner)"),
    a_link_to_nothing_yet: (".profile", "user 61235 (its owner)"),
    keys: (".ssh/rc", "group 61235 (mode 0775)"),
}


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda each: each.__name__)
def test_what_another_could_change_is_found(home: Path, attack: object) -> None:
    assert find_first_writable(login(home)) is None
    attack(home)  # type: ignore[operator]
    found = find_first_writable(login(home))
    assert found is not None
    where, who = ATTACKS[attack]  # type: ignore[index]
    assert found.path == str(home / where).rstrip("/")
    assert found.change.describe().endswith(who)


def test_a_shell_of_anothers_is_found(home: Path) -> None:
    shell = home.parent / "shell"
    shell.touch(0o755)
    assert find_first_writable(login(home, str(shell))) is None
    other(shell)
    assert find_first_writable(login(home, str(shell))) is not None


def test_more_links_than_are_followed_are_no_clean_bill(home: Path) -> None:
    for number in range(ROUNDS + 2):
        link(home.parent / f"l{number}", f"{home.parent}/l{number + 1}")
    link(home / ".bashrc", f"{home.parent}/l0")
    answer = looked_at(home)
    assert answer.state is State.UNPARSEABLE
    assert "links" in str(answer.reason)


def test_homes_that_are_not_there(home: Path) -> None:
    for path in (home / "none", Path("/")):
        assert find_first_writable(login(path)) is None


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (None, State.UNPARSEABLE),
        (frame(b"", b"", 2), State.REFUSED),
        (frame(b"a:x:0:0:\n"), State.UNPARSEABLE),
        (frame(b"a:x:0:0::/:/bin/sh\nd 0 0\n"), State.UNPARSEABLE),
        (frame(b"a:x:0:0::/:/bin/sh\nd x 0 755 ///\n"), State.UNPARSEABLE),
        (frame(b"a:x:x:0::/:/bin/sh\n"), State.UNPARSEABLE),
        (frame(b"a:x:0:0::/:/bin/sh\nd 0 0 755 ///\n"), State.OBSERVED),
    ],
)
def test_broken_answers(answer: object, state: State) -> None:
    (found,) = probe([NEED]).parse([answer])  # type: ignore[list-item]
    assert (found.state, found.again) == (state, AGAIN)


def test_only_the_account_itself_is_asked_for() -> None:
    (answer,) = ask(probe([Need("auditor", "root")]))
    assert answer.state is State.REFUSED
