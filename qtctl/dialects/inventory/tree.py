"""An inventory as its file says it: groups, their children, hosts, and variables with the line that sets each."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from qtctl.errors import InputError, Place

ALL, UNGROUPED = "all", "ungrouped"
MOST = 10_000
"""The most hosts, and the most groups, in one inventory."""
DEEPEST = 50
PRIORITY = "ansible_group_priority"
_NUMBER = re.compile(r"-?[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Variable:
    """`text` is None if the value is not plain text: a table, a list, or encrypted."""

    text: str | None
    line: int
    encrypted: bool = False


Variables = dict[str, Variable]


@dataclass(frozen=True, slots=True)
class Unused:
    """A part of the file that sets nothing here, and why."""

    name: str
    line: int
    why: str


@dataclass(slots=True)
class Group:
    line: int
    hosts: dict[str, None] = field(default_factory=dict)
    children: dict[str, int] = field(default_factory=dict)
    """Child → the line that names it."""
    variables: Variables = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """A host. `groups`: those it is in, directly or through a child group, except `all` and `ungrouped`."""

    line: int
    groups: tuple[str, ...]
    variables: Variables


class Tree:
    """Filled by a parser of one file, then read by `list_entries`."""

    def __init__(self, file: str, names: dict[str, str] | None = None) -> None:
        """`names`: what the file calls a variable, where that is not Ansible's name for it."""
        self.file = file
        self.names: dict[str, str] = names or {}
        self.unused: list[Unused] = []
        self.groups: dict[str, Group] = {ALL: Group(1)}
        self.hosts: dict[str, tuple[int, Variables]] = {}

    def fail(self, what: str, line: int, hint: str = "") -> InputError:
        return InputError(
            what, hint=hint or "ansible-inventory --list shows how it is read", place=Place(self.file, line)
        )

    def add_group(self, name: str, line: int) -> Group:
        if name not in self.groups and len(self.groups) >= MOST:
            raise self.fail(f"more than {MOST} groups", line, "split it")
        return self.groups.setdefault(name, Group(line))

    def add_host(self, name: str, group: str, line: int, port: str = "") -> Variables:
        """Add a host to a group. Returns the host's variables, to be filled."""
        if name not in self.hosts:
            if len(self.hosts) >= MOST:
                raise self.fail(f"more than {MOST} hosts", line, "split it")
            self.hosts[name] = (line, {"ansible_port": Variable(port, line)} if port else {})
        self.groups[group].hosts.setdefault(name)
        return self.hosts[name][1]

    def list_entries(self) -> dict[str, Entry]:
        """InputError for groups that contain themselves."""
        depths = self._measure_depths()
        parents: dict[str, list[str]] = {}
        for name, group in self.groups.items():
            for child in group.children:
                parents.setdefault(child, []).append(name)
        own: dict[str, list[str]] = {}
        for name, group in self.groups.items():
            for host in group.hosts:
                own.setdefault(host, []).append(name)
        above = {name: {name, *_list_above(parents, name)} for name in self.groups}
        return {host: self._make_entry(host, own.get(host, []), above, depths) for host in self.hosts}

    def _make_entry(self, host: str, own: list[str], above: dict[str, set[str]], depths: dict[str, int]) -> Entry:
        groups = {ALL, *(each for name in own for each in above[name])}
        line, said = self.hosts[host]
        merged: Variables = {}
        for name in sorted(groups, key=lambda each: (depths[each], self._read_priority(each), each)):
            merged |= self.groups[name].variables
        named = tuple(sorted(groups - {ALL, UNGROUPED}))
        return Entry(line, named, {**{key: each for key, each in merged.items() if key != PRIORITY}, **said})

    def _read_priority(self, name: str) -> int:
        said = self.groups[name].variables.get(PRIORITY)
        return int(said.text) if said is not None and said.text and _NUMBER.fullmatch(said.text) else 1

    def _measure_depths(self) -> dict[str, int]:
        """The depth of each group: the longest path from `all`, the ancestor of every group."""
        depths = dict.fromkeys(self.groups, 1)
        depths[ALL] = 0
        for _ in range(DEEPEST):
            deeper = {
                child: max(depths[name] + 1, depths[child])
                for name, group in self.groups.items()
                for child in group.children
                if depths[child] < depths[name] + 1
            }
            if not deeper:
                return depths
            depths |= deeper
        name = max(depths, key=lambda each: depths[each])
        raise self.fail(f"the group {name} contains itself, or lies deeper than {DEEPEST}", self.groups[name].line)


def _list_above(parents: dict[str, list[str]], name: str) -> Iterator[str]:
    """Every group that contains the group. There are no cycles: depths were measured first."""
    left, seen = list(parents.get(name, ())), set()
    while left:
        each = left.pop()
        if each not in seen:
            seen.add(each)
            yield each
            left += parents.get(each, ())
