"""What evidence shows of a real host's accounts and files, for a tree that is modelled on it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TypeVar

from qtctl.meaning.access import Kind
from qtctl.meaning.starts import start_files
from qtctl.model.account_facts import Account as AccountFact
from qtctl.model.code_facts import VenvCheck
from qtctl.model.desired import DesiredService
from qtctl.model.evidence import Need, State
from qtctl.model.facts import Facts, File
from qtctl.model.tree import Account, Tree, TreeDir, TreeFile, TreeLink
from qtctl.model.way_facts import PathWay, UserIds

LEAST_ID, HIGHEST_ID = 1000, 60000
"""Lower ids may be those of system accounts that the throwaway host has already, and a container has no higher ones."""
ROOT = "root"

Owned = TypeVar("Owned", TreeDir, TreeFile)
Placed = TypeVar("Placed", bound=TreeDir | TreeFile | TreeLink)


@dataclass(frozen=True, slots=True)
class SeenHost:
    """`missing`: paths that do not exist; `folders`: path → uid, gid and mode of each folder that was seen."""

    facts: Facts
    missing: frozenset[str]
    folders: Mapping[str, tuple[int, int, int]]

    @classmethod
    def of(cls, facts: Facts) -> "SeenHost":
        missing: set[str] = set()
        folders: dict[str, tuple[int, int, int]] = {}
        for item in facts.items():
            if item.state is State.ABSENT and item.fact in (File.FACT, VenvCheck.FACT, PathWay.FACT):
                missing.add(item.subject)
            if item.fact == PathWay.FACT and (way := facts.find(PathWay, item.subject)) is not None:
                missing |= {way.missing} - {""}
                rows = (row for row in way.rows() if row[1] == Kind.FOLDER)
                folders |= {path: (uid, gid, mode) for path, _, uid, gid, mode, _ in rows}
        return cls(facts, frozenset(missing), folders)

    def lacks(self, path: str) -> bool:
        """Whether the evidence says that the path, or a folder above it, does not exist."""
        return any(str(each) in self.missing for each in (PurePosixPath(path), *PurePosixPath(path).parents))

    def lacks_start(self, service: DesiredService) -> bool:
        """Whether something is missing that the service needs to start, or the account that it runs as."""
        needed = (each.path for each in start_files(service) if not each.optional)
        user = service.user or ROOT
        return any(map(self.lacks, needed)) or (user != ROOT and not self.has_account(user))

    def has_account(self, name: str) -> bool:
        """False if the evidence says that there is none."""
        needs = (Need(AccountFact.FACT, name), Need(UserIds.FACT, name))
        return all(self.facts.find_item(need).state is not State.ABSENT for need in needs)

    def shape(self, tree: Tree, kept: Iterable[str]) -> Tree:
        """`tree` without what the real host lacks, with its ids and the modes of its folders.

        `kept`: accounts that log in, which stay whatever the evidence says.
        """
        kept = {*kept}
        there = (each for each in tree.accounts if each.name in kept or self.has_account(each.name))
        accounts = [self._shape_account(each) for each in there]
        names = {ROOT, *(name for each in accounts for name in (each.name, each.group))}
        ids = {0, *(number for each in accounts for number in (each.uid, each.gid) if number is not None)}
        dirs = (self._shape_dir(each, names, ids) for each in tree.dirs if not self.lacks(each.path))
        files = (_set_owner(each, names) for each in tree.files if not self.lacks(each.path))
        links = (each for each in tree.links if not self.lacks(each.path))
        return replace(tree, accounts=tuple(accounts), dirs=tuple(dirs), files=tuple(files), links=tuple(links))

    def _shape_account(self, account: Account) -> Account:
        ids = self.facts.find(UserIds, account.name)
        found = self.facts.find(AccountFact, account.name)
        home, shell = (found.home, found.shell) if found and not account.login else (account.home, account.shell)
        if ids is None or not (_is_usable(ids.uid) and _is_usable(ids.gid)):
            return replace(account, home=home, shell=shell)
        return replace(account, home=home, shell=shell, uid=ids.uid, gid=ids.gid)

    def _shape_dir(self, folder: TreeDir, names: set[str], ids: set[int]) -> TreeDir:
        own = _set_owner(folder, names)
        seen = self.folders.get(folder.path)
        if seen is None:
            return own
        uid, gid, mode = seen
        if not {uid, gid} <= ids:
            return replace(own, mode=mode)
        return replace(own, mode=mode, owner=str(uid), group=str(gid))


def _is_usable(number: int) -> bool:
    return LEAST_ID <= number <= HIGHEST_ID


def _set_owner(each: Owned, names: set[str]) -> Owned:
    """Owned by root if its owner has no account."""
    return each if {each.owner, each.group} <= names else replace(each, owner=ROOT, group=ROOT)


def merge_trees(first: Tree, second: Tree) -> Tree:
    """Both trees; if both have a path, that of `first`."""
    accounts = {each.name: each for each in (*second.accounts, *first.accounts)}
    return Tree(
        accounts=tuple(accounts[name] for name in sorted(accounts)),
        dirs=_merge(first.dirs, second.dirs),
        files=_merge(first.files, second.files),
        links=_merge(first.links, second.links),
        enable=tuple(sorted({*first.enable, *second.enable})),
    )


def _merge(first: tuple[Placed, ...], second: tuple[Placed, ...]) -> tuple[Placed, ...]:
    found = {each.path: each for each in (*second, *first)}
    return tuple(found[path] for path in sorted(found))
