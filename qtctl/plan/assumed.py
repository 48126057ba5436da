"""A host as saved evidence shows it, and, where that says nothing, as an earlier registry declares it.

Saved evidence was collected for what was declared then. A plan for what is declared now needs more: the rest is assumed
to be as the earlier registry declares it, and counted.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from qtctl.dialects.hosts import PATH as HOSTS_FILE
from qtctl.dialects.hosts import make_block_lines, replace_block
from qtctl.model.account_facts import Account, Group, Hosts
from qtctl.model.desired import Desired
from qtctl.model.desired_file import DesiredFile
from qtctl.model.evidence import Item, Need, State
from qtctl.model.fact import Fact, make_value
from qtctl.model.facts import Facts, File, Unit, UnitListing
from qtctl.model.generated_facts import GeneratedFiles
from qtctl.model.names import UNIT_DIR
from qtctl.model.plan import Plan
from qtctl.plan import identity, targets
from qtctl.plan.needs import list_needs
from qtctl.plan.plan import list_unread, plan
from qtctl.plan.unit_goals import UnitGoal, list_goals

ROOT = "root"
_SINCE = 1
"""µs: what is assumed has always been so, so that nothing is newer."""


@dataclass(frozen=True, slots=True)
class AssumedPlan:
    """`assumed`: how many facts the evidence did not show. `drifted`: files that are not what `base` gives.

    `due`: labels of steps that a deploy of the earlier registry would do as well.
    """

    plan: Plan
    assumed: int
    drifted: tuple[str, ...]
    due: frozenset[str]


def plan_from_saved(base: Desired | None, desired: Desired, facts: Facts) -> AssumedPlan:
    """What a deploy of `desired` would do to the host of `facts`. `base`: None if it was not declared before."""
    ground = _Ground(base, facts)
    planned, assumed, drifted = ground.plan(desired)
    due = frozenset(_list_labels(ground.plan(base)[0])) if base is not None else frozenset()
    return AssumedPlan(planned, assumed, drifted, due)


def _list_labels(planned: Plan) -> Iterator[str]:
    return (f"{step.kind.value} {step.subject}" for step in planned.steps)


class _Ground:
    def __init__(self, base: Desired | None, facts: Facts) -> None:
        self._facts = facts
        self._made: Mapping[str, DesiredFile] = {} if base is None else {file.path: file for file in base.files}
        self._as_declared: dict[Need, Fact] = {} if base is None else dict(_list_declared(base))
        self._base = base

    def plan(self, desired: Desired) -> tuple[Plan, int, tuple[str, ...]]:
        """The plan, how much of it is assumed, and the files whose content on the host is not known."""
        meant = desired
        if not self._facts.find_item(identity.HOST).state.known:
            meant = replace(desired, expected_hostname="", machine="")
        folders = frozenset(targets.list_folders(meant))
        items: list[Item] = []
        assumed, drifted = 0, []
        for need in dict.fromkeys(list_needs(meant)):
            if self._is_shown(need) and not self._has_drifted(need, meant):
                continue
            if self._facts.find_item(need).state.known and self._has_drifted(need, meant):
                drifted.append(need.subject)
            else:
                assumed += 1
            items.append(self._assume(need, folders))
        facts = self._facts.merge(Facts(items))
        current = {path: self._read(path) for path in list_unread(meant, facts) if self._can_read(path)}
        return plan(meant, facts, current=current), assumed, tuple(drifted)

    def _is_shown(self, need: Need) -> bool:
        """Nothing is known about the content of a file that could not be read."""
        if not self._facts.find_item(need).state.known:
            return False
        there = self._facts.read(File, need.subject) if need.fact == File.FACT else None
        unread = there is not None and there.kind == "file" and there.sha256 is None
        return not (unread and need.subject in self._made)

    def _has_drifted(self, need: Need, desired: Desired) -> bool:
        """Whether the host has content that neither registry gives; evidence has digests only."""
        if need.fact != File.FACT or need.subject not in self._made:
            return False
        there = self._facts.find(File, need.subject)
        if there is None or there.sha256 is None:
            return False
        wanted = {file.sha256 for file in desired.files if file.path == need.subject}
        return there.sha256 not in {self._made[need.subject].sha256, *wanted}

    def _assume(self, need: Need, folders: frozenset[str]) -> Item:
        found = self._as_declared.get(need)
        if found is None and need.fact == File.FACT and need.subject in folders:
            found = File("dir", "0755", ROOT, ROOT, 1, 0)
        if found is None and need.fact == GeneratedFiles.FACT:
            found = GeneratedFiles({}, {})
        if found is None and need.fact == UnitListing.FACT:
            found = UnitListing({}, {})
        if found is None:
            return Item(need.fact, need.subject, State.ABSENT, None, None, 0)
        return Item(need.fact, need.subject, State.OBSERVED, make_value(found), None, 0)

    def _can_read(self, path: str) -> bool:
        return path in self._made or (path == HOSTS_FILE and self._base is not None)

    def _read(self, path: str) -> bytes:
        if path in self._made:
            return self._made[path].content
        declared = self._base.hosts_file if self._base is not None else None
        fleet = self._base.fleet if self._base is not None else ""
        return replace_block(b"", fleet, make_block_lines(declared.aliases)) if declared is not None else b""


def _list_declared(base: Desired) -> Iterator[tuple[Need, Fact]]:
    """What the host has if it is as `base` declares."""
    for file in base.files:
        yield (
            Need(File.FACT, file.path),
            File("file", file.mode, file.owner, file.group, len(file.content), 0, "", file.sha256, ours=True),
        )
    for folder in base.folders:
        yield Need(File.FACT, folder.path), File("dir", folder.mode, folder.user, folder.group, 1, 0)
        for name in (folder.user, folder.group):
            yield Need(Account.FACT, name), Account(name, 1, 1, "/", "/usr/sbin/nologin")
            yield Need(Group.FACT, name), Group(name, 1, [])
    for install in base.installs:
        yield Need(File.FACT, install.path), File("link", "0777", ROOT, ROOT, 1, 0, install.target)
        yield Need(File.FACT, install.target), File("dir", "0755", ROOT, ROOT, 1, 0)
        yield Need(File.FACT, install.seal), File("file", "0600", ROOT, ROOT, 1, 0)
    yield from _list_units(base)
    yield from _list_accounts(base)
    if base.hosts_file is not None:
        yield Need(File.FACT, HOSTS_FILE), File("file", "0644", ROOT, ROOT, 1, 0)
        yield Need(Hosts.FACT, HOSTS_FILE), Hosts([], list(make_block_lines(base.hosts_file.aliases)))


def _list_units(base: Desired) -> Iterator[tuple[Need, Fact]]:
    goals = list_goals(base)
    links: dict[str, str] = {}
    for goal in goals:
        links |= dict.fromkeys(goal.links, goal.file)
        yield Need(Unit.FACT, goal.unit), _make_unit(goal)
        for link in goal.links:
            yield Need(File.FACT, link), File("link", "0777", ROOT, ROOT, 1, 0, goal.file)
    for folder in (UNIT_DIR, base.env_dir):
        marked = {file.path: file.sha256 for file in base.files if file.path.startswith(f"{folder}/")}
        yield Need(GeneratedFiles.FACT, folder), GeneratedFiles(marked, links if folder == UNIT_DIR else {})


def _make_unit(goal: UnitGoal) -> Unit:
    up = bool(goal.active)
    return Unit(
        "loaded",
        "active" if up else "inactive",
        "running" if up else "dead",
        "enabled" if goal.links else "disabled",
        fragment_path=goal.file,
        active_enter_timestamp=_SINCE if up else 0,
        exec_main_start_timestamp=_SINCE if up else 0,
        wanted_by=list(goal.wanted_by),
        required_by=list(goal.required_by),
    )


def _list_accounts(base: Desired) -> Iterator[tuple[Need, Fact]]:
    groups: dict[str, Group] = {}
    for number, each in enumerate(base.accounts, start=2):
        gid = each.gid or number
        groups.setdefault(each.group, Group(each.group, gid, []))
        for name in each.groups:
            known = groups.setdefault(name, Group(name, 1000 + len(groups), []))
            groups[name] = replace(known, members=[*known.members, each.name])
        account = Account(
            each.name, each.uid or number, groups[each.group].gid, each.home or "/", each.shell or "/usr/sbin/nologin"
        )
        yield Need(Account.FACT, each.name), account
        if each.uid is not None:
            yield Need(Account.FACT, str(each.uid)), account
    for group in groups.values():
        yield Need(Group.FACT, group.name), group
        yield Need(Group.FACT, str(group.gid)), group
