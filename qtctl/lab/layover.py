"""Lay a tree over a root file system before its first boot: accounts first, then what they own."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from qtctl.dialects.lines import lines
from qtctl.lab.shell import run
from qtctl.model.tree import Account, Tree, TreeFile

FIRST_ID = 1000
MAX_LINKS = 40


@dataclass(slots=True)
class Ids:
    """The accounts of one root: its passwd, group, shadow and gshadow files, read once, written once."""

    root: Path
    users: dict[str, tuple[int, int]] = field(default_factory=dict)
    groups: dict[str, int] = field(default_factory=dict)
    added: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, root: Path) -> "Ids":
        ids = cls(root)
        for line in _lines(root / "etc/passwd"):
            name, _, uid, gid, *_ = line.split(":")
            ids.users[name] = (int(uid), int(gid))
        for line in _lines(root / "etc/group"):
            name, _, gid, *_ = line.split(":")
            ids.groups[name] = int(gid)
        return ids

    def group(self, name: str, gid: int | None = None) -> int:
        if name not in self.groups:
            self.groups[name] = self._free() if gid is None else gid
            self._add("etc/group", f"{name}:x:{self.groups[name]}:")
            self._add("etc/gshadow", f"{name}:*::")
        return self.groups[name]

    def user(self, account: Account) -> tuple[int, int]:
        """Its ids. An account that the root has already stays as it is."""
        if account.name not in self.users:
            gid = self.group(account.group, account.gid)
            uid = self._uid(gid) if account.uid is None else account.uid
            self.users[account.name] = (uid, gid)
            shell = account.shell or ("/bin/bash" if account.login else "/usr/sbin/nologin")
            self._add("etc/passwd", f"{account.name}:x:{uid}:{gid}::{account.home}:{shell}")
            self._add("etc/shadow", f"{account.name}:*:19000:0:99999:7:::")
        return self.users[account.name]

    def _uid(self, gid: int) -> int:
        taken = {uid for uid, _ in self.users.values()}
        return gid if gid not in taken else self._free()

    def owner(self, user: str, group: str) -> tuple[int, int]:
        """Numeric owner of a file. An owner that no account names is an error of the tree: KeyError."""
        return self.users[user][0], self.groups[group]

    def write(self) -> None:
        for name, added in self.added.items():
            with (self.root / name).open("a") as file:
                file.writelines(f"{line}\n" for line in added)

    def _add(self, name: str, line: str) -> None:
        self.added.setdefault(name, []).append(line)

    def _free(self) -> int:
        taken = {*self.groups.values(), *(uid for uid, _ in self.users.values())}
        return next(number for number in range(FIRST_ID, 60000) if number not in taken)


def _lines(path: Path) -> list[str]:
    return [line for line in lines(path.read_text()) if line]


def inside(root: Path, path: str) -> Path:
    """Where an absolute path of the host is on this machine. Links of the host are followed within `root` only."""
    return _walk(root, PurePosixPath(path), MAX_LINKS)


def _walk(root: Path, path: PurePosixPath, links: int) -> Path:
    *parents, last = [part for part in path.parts if part != "/"] or [""]
    at = root
    for index, part in enumerate(parents):
        at = at / part
        if not at.is_symlink():
            continue
        if links == 0:
            raise RuntimeError(f"{path}: too many links")
        base = PurePosixPath("/", *at.parent.relative_to(root).parts)
        target = PurePosixPath(os.path.normpath(base / at.readlink()))
        return _walk(root, target.joinpath(*parents[index + 1 :], last), links - 1)
    return at / last


def lay_over(root: Path, tree: Tree, public_key: str) -> None:
    """Make accounts, folders, files and links of `tree` in `root`, and enable its units.

    What is there under the same path is replaced. Login accounts and root get `public_key`.
    """
    ids = Ids.read(root)
    for account in tree.accounts:
        ids.user(account)
    ids.write()
    for account in tree.accounts:
        _make_home(root, account, ids)
    for folder in tree.dirs:
        path = inside(root, folder.path)
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(folder.mode)
        os.chown(path, *ids.owner(folder.owner, folder.group))
    for file in tree.files:
        _write(root, file, ids.owner(file.owner, file.group))
    for link in tree.links:
        path = _cleared(inside(root, link.path))
        path.symlink_to(link.target)
    _authorize(root, ids, tree.accounts, public_key)
    _sudoers(root, tree.accounts)
    if tree.enable:
        run(["systemctl", f"--root={root}", "--quiet", "enable", *tree.enable])


def _make_home(root: Path, account: Account, ids: Ids) -> None:
    home = inside(root, account.home)
    if home.is_dir():
        return
    home.mkdir(parents=True)
    os.chown(home, *ids.users[account.name])


def _write(root: Path, file: TreeFile, owner: tuple[int, int]) -> None:
    path = _cleared(inside(root, file.path))
    path.write_bytes(file.content)
    path.chmod(file.mode)
    os.chown(path, *owner)


def _cleared(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink() or path.is_file():
        path.unlink()
    return path


def _authorize(root: Path, ids: Ids, accounts: Iterable[Account], public_key: str) -> None:
    homes = {account.name: account.home for account in accounts if account.login} | {"root": "/root"}
    for name, home in homes.items():
        folder = inside(root, f"{home}/.ssh")
        folder.mkdir(mode=0o700, exist_ok=True)
        keys = folder / "authorized_keys"
        keys.write_text(f"{public_key}\n")
        keys.chmod(0o600)
        for path in (folder, keys):
            os.chown(path, *ids.users[name])


def _sudoers(root: Path, accounts: Sequence[Account]) -> None:
    for account in accounts:
        if account.sudo:
            path = root / "etc/sudoers.d" / account.name
            path.write_text(f"{account.name} ALL=(ALL:ALL) NOPASSWD: ALL\n")
            path.chmod(0o440)
