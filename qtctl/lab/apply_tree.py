"""Write a tree over a root file system before its first boot: accounts first, then the files they own.

The root is opened once, and every path is resolved from it: links stay inside the root, as they will after boot, and no
path of the tree can reach this machine's own files.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from qtctl.contained.folder import Folder, Links
from qtctl.contained.regular import MIB
from qtctl.dialects.endpoints import is_account
from qtctl.dialects.lines import split_lines
from qtctl.dialects.paths import explain_trouble
from qtctl.errors import InputError, LabError
from qtctl.lab.shell import run
from qtctl.model.tree import Account, Tree

FIRST_ID = 1000
LARGEST = MIB
"""The size limit of a root's passwd or group file, in bytes."""
ROOT = (0, 0)
_OF_SYSTEM = ("/bin/", "/boot/", "/etc/", "/lib/", "/sbin/", "/usr/")
"""Existing folders below these keep their owner and mode."""


@dataclass(slots=True)
class Ids:
    """The accounts of one root: its passwd, group, shadow and gshadow files, read once, written once."""

    root: Folder
    users: dict[str, tuple[int, int]] = field(default_factory=dict)
    groups: dict[str, int] = field(default_factory=dict)
    added: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, root: Folder) -> "Ids":
        ids = cls(root)
        for line in _read_lines(root, "etc/passwd"):
            name, _, uid, gid, *_ = line.split(":")
            ids.users[name] = (int(uid), int(gid))
        for line in _read_lines(root, "etc/group"):
            name, _, gid, *_ = line.split(":")
            ids.groups[name] = int(gid)
        return ids

    def add_group(self, name: str, gid: int | None = None) -> int:
        if name not in self.groups:
            self.groups[name] = self._find_free_id() if gid is None else gid
            self._append_line("etc/group", f"{name}:x:{self.groups[name]}:")
            self._append_line("etc/gshadow", f"{name}:*::")
        return self.groups[name]

    def add_user(self, account: Account) -> tuple[int, int]:
        """Uid and gid of the account, which is added if it is missing. An existing one is not changed."""
        if account.name not in self.users:
            gid = self.add_group(account.group, account.gid)
            uid = self._choose_uid(gid) if account.uid is None else account.uid
            self.users[account.name] = (uid, gid)
            shell = account.shell or ("/bin/bash" if account.login else "/usr/sbin/nologin")
            self._append_line("etc/passwd", f"{account.name}:x:{uid}:{gid}::{account.home}:{shell}")
            self._append_line("etc/shadow", f"{account.name}:*:19000:0:99999:7:::")
        return self.users[account.name]

    def _choose_uid(self, gid: int) -> int:
        taken = {uid for uid, _ in self.users.values()}
        return gid if gid not in taken else self._find_free_id()

    def find_owner(self, user: str, group: str) -> tuple[int, int]:
        """Numeric owner of a file. KeyError if the tree names an owner that has no account."""
        uid = int(user) if user.isdecimal() else self.users[user][0]
        return uid, int(group) if group.isdecimal() else self.groups[group]

    def write(self) -> None:
        for name, added in self.added.items():
            before = self.root.read(name, LARGEST)
            self.root.rewrite(name, before + "".join(f"{line}\n" for line in added).encode())

    def _append_line(self, name: str, line: str) -> None:
        self.added.setdefault(name, []).append(line)

    def _find_free_id(self) -> int:
        taken = {*self.groups.values(), *(uid for uid, _ in self.users.values())}
        return next(number for number in range(FIRST_ID, 60000) if number not in taken)


def _read_lines(root: Folder, path: str) -> list[str]:
    return [line for line in split_lines(root.read(path, LARGEST).decode()) if line]


def lay_over(root: Path, tree: Tree, public_key: str) -> None:
    """Create the accounts, folders, files and links of `tree` in `root`, and enable its units.

    Existing files are replaced. Login accounts and root get `public_key`. InputError if a name or path in the tree is
    not valid on a host; nothing is written then.
    """
    _check_tree(tree)
    try:
        _write_tree(root, tree, public_key)
    except OSError as error:
        raise LabError(f"{root}: cannot be written: {error}", hint="what does the registry put there?") from error
    if tree.enable:
        run(["systemctl", f"--root={root}", "--quiet", "enable", "--", *tree.enable])


def _write_tree(root: Path, tree: Tree, public_key: str) -> None:
    with Folder.open(root, Links.ROOTED) as folder:
        ids = Ids.read(folder)
        for account in tree.accounts:
            ids.add_user(account)
        ids.write()
        for account in tree.accounts:
            _make_home(folder, account, ids)
        for each in tree.dirs:
            if each.path.startswith(_OF_SYSTEM) and folder.has_folder(each.path):
                continue
            folder.make_folder(each.path, each.mode, ids.find_owner(each.owner, each.group))
        for file in tree.files:
            if file.yields and folder.has_entry(file.path):
                continue
            folder.write(file.path, file.content, file.mode, owner=ids.find_owner(file.owner, file.group))
        for link in tree.links:
            folder.link(link.path, link.target)
        _authorize_key(folder, ids, tree.accounts, public_key)
        _write_sudoers(folder, tree.accounts)


def _check_tree(tree: Tree) -> None:
    """InputError for names that would break a passwd line, and for paths with control characters or `..`."""
    for account in tree.accounts:
        for name in (account.name, account.group):
            if not is_account(name.replace("%", "x")):  # a specifier that only systemd can replace
                raise InputError(
                    f"{name[:200]!r} is not a valid name for an account on a lab host", hint="a-z, 0-9, - and _"
                )
        for path in (account.home, account.shell):
            if path and (not path.startswith("/") or ":" in path or explain_trouble(path)):
                raise InputError(
                    f"{path[:200]!r} is not a path for account {account.name}", hint="an absolute one, no `:`"
                )
    for path in (each.path for kind in (tree.dirs, tree.files, tree.links) for each in kind):
        if what := explain_trouble(path):
            raise InputError(f"{path[:200]!r} {what}", hint="not a valid path for a file of a lab host")


def _make_home(root: Folder, account: Account, ids: Ids) -> None:
    if not root.has_folder(account.home):
        root.make_folder(account.home, 0o755, ids.users[account.name])


def _authorize_key(root: Folder, ids: Ids, accounts: Iterable[Account], public_key: str) -> None:
    homes = {account.name: account.home for account in accounts if account.login} | {"root": "/root"}
    for name, home in homes.items():
        own = ids.users[name]
        root.make_folder(f"{home}/.ssh", 0o700, own)
        root.write(f"{home}/.ssh/authorized_keys", f"{public_key}\n".encode(), 0o600, owner=own)


def _write_sudoers(root: Folder, accounts: Sequence[Account]) -> None:
    for account in accounts:
        if account.sudo:
            text = f"{account.name} ALL=(ALL:ALL) NOPASSWD: ALL\n"
            root.write(f"etc/sudoers.d/{account.name}", text.encode(), 0o440, owner=ROOT)
