"""What an account may do with a path: the kernel is the judge of real ones, a table of access control lists."""

import os
import subprocess
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import pytest

from qtctl.meaning.access import Entry, Kind, walk
from qtctl.meaning.permissions import Identity, Permission, find_first_refusal, has_permission

USER, GROUP, STRANGER = 61234, 61235, 61236
WHO = Identity(USER, frozenset((USER, GROUP)))
READ, WRITE, EXECUTE = Permission.READ, Permission.WRITE, Permission.EXECUTE
FLAGS = {READ: "-r", WRITE: "-w", EXECUTE: "-x"}


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give files away")
def test_the_kernel_agrees(tmp_path: Path) -> None:
    """Every owner and a handful of modes, for files and folders, for a user and for root."""
    made: list[tuple[Path, Entry]] = []
    for owner, group, mode, folder in product(
        (USER, STRANGER), (GROUP, STRANGER), (0o000, 0o704, 0o074, 0o407, 0o051, 0o555, 0o010), (True, False)
    ):
        path = tmp_path / f"{owner}-{group}-{mode:o}-{folder}"
        path.mkdir() if folder else path.touch()
        os.chown(path, owner, group)
        path.chmod(mode)
        made.append((path, Entry(str(path), Kind.FOLDER if folder else Kind.FILE, owner, group, mode)))
    for parent in (tmp_path, *tmp_path.parents[:-1]):
        parent.chmod(parent.stat().st_mode | 0o011)
    for who in (WHO, Identity(0, frozenset((0,)))):
        asked = [(path, entry, permission) for path, entry in made for permission in FLAGS]
        kernel = _kernel(who, [f"test {FLAGS[permission]} '{path}'" for path, _, permission in asked])
        assert [has_permission(entry, who, permission) for _, entry, permission in asked] == kernel


def _kernel(who: Identity, tests: Sequence[str]) -> list[bool]:
    groups = ",".join(map(str, sorted(who.groups)))
    script = "\n".join(f"{each} && echo yes || echo no" for each in tests)
    argv = ("setpriv", f"--reuid={who.uid}", f"--regid={who.uid}", f"--groups={groups}", "sh", "-c", script)
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    return [line == "yes" for line in done.stdout.split()]


@pytest.mark.parametrize(
    ("acl", "permission", "allowed"),
    [
        (("user::rwx", "user:61234:r--", "group::---", "mask::rwx", "other::rwx"), EXECUTE, False),
        (("user::rwx", "user:61234:rwx", "group::---", "mask::r--", "other::---"), READ, True),
        (("user::rwx", "user:61234:rwx", "group::---", "mask::r--", "other::---"), WRITE, False),
        (("user::rwx", "user:7:rwx", "group:61235:r-x", "mask::r-x", "other::---"), EXECUTE, True),
        (("user::rwx", "group::---", "group:61235:--x", "group:61234:r--", "mask::rwx", "other::---"), READ, True),
        (("user::rwx", "group:61235:---", "mask::rwx", "other::rwx"), READ, False),
        (("user::rwx", "group:7:---", "mask::rwx", "other::rwx"), READ, True),
        (("user::rwx", "user:61234:rwx\t#effective:r--", "mask::r--", "other::---"), WRITE, False),
        (None, READ, None),
    ],
)
def test_access_control_lists(acl: tuple[str, ...] | None, permission: Permission, allowed: bool | None) -> None:
    """acl(5). The last digit of the mode stands for everybody else."""
    other = 7 if acl is None or "other::rwx" in acl else 0
    assert has_permission(Entry("/x", Kind.FOLDER, 0, 0, 0o770 | other, acl=acl), WHO, permission) is allowed


def test_every_folder_on_the_way_has_to_be_entered() -> None:
    known = {
        "/": Entry("/", Kind.FOLDER, 0, 0, 0o755),
        "/home": Entry("/home", Kind.FOLDER, 0, 0, 0o755),
        "/home/qt": Entry("/home/qt", Kind.FOLDER, STRANGER, STRANGER, 0o750),
        "/home/qt/run": Entry("/home/qt/run", Kind.FILE, 0, 0, 0o755),
        "/run": Entry("/run", Kind.LINK, 0, 0, 0o777, "home/qt/run"),
    }
    for path in ("/home/qt/run", "/run", "/home/qt/gone"):
        refusal = find_first_refusal(walk(path, known), WHO, (EXECUTE,))
        assert refusal is not None
        assert (refusal.entry.path, refusal.permission, refusal.known) == ("/home/qt", EXECUTE, True)
    assert find_first_refusal(walk("/home/qt/run", known), Identity(STRANGER, frozenset()), (EXECUTE, READ)) is None
    assert find_first_refusal(walk("/home/gone", known), WHO, (EXECUTE,)) is None
