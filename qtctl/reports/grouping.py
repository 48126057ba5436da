"""Findings as an operator works on them: by cause, similar ones together, failed and dangerous before untidy."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from qtctl.findings.meaning import Wording
from qtctl.reports.check import Check
from qtctl.reports.order import nest_by_cause
from qtctl.rules.catalogue import list_fleet_rules, list_host_rules


@dataclass(frozen=True, slots=True)
class Group:
    """Findings of one rule and one title that nothing else among them explains, at least one.

    `below`: the findings that follow from them. `blind`: how many checks they leave unknown.
    """

    wording: Wording
    members: tuple[Check, ...]
    below: tuple[Check, ...]
    blind: int

    @property
    def first(self) -> Check:
        return self.members[0]

    @property
    def title(self) -> str:
        return self.wording.format_count(len(self.members))


@dataclass(frozen=True, slots=True)
class FleetGroup:
    """Groups of one rule and one title on one or several hosts, at least one. It reads like a group of one host.

    `parts`: host, as it was named, and its group; '' for what compares hosts.
    """

    wording: Wording
    parts: tuple[tuple[str, Group], ...]

    @property
    def hosts(self) -> tuple[str, ...]:
        return tuple(host for host, _ in self.parts if host)

    @property
    def members(self) -> tuple[Check, ...]:
        return tuple(check for _, part in self.parts for check in part.members)

    @property
    def below(self) -> tuple[Check, ...]:
        return tuple(check for _, part in self.parts for check in part.below)

    @property
    def blind(self) -> int:
        return sum(part.blind for _, part in self.parts)

    @property
    def first(self) -> Check:
        return self.parts[0][1].first

    @property
    def title(self) -> str:
        return self.wording.format_count(sum(len(part.members) for _, part in self.parts))


_Alike = tuple[str, str, str, bool]


def merge_groups(by_host: Iterable[tuple[str, Iterable[Group]]]) -> tuple[FleetGroup, ...]:
    """The groups of several hosts, each with its name. The most urgent first; of equal ones that on most hosts."""
    found: dict[_Alike, list[tuple[str, Group]]] = {}
    for host, groups in by_host:
        for each in groups:
            found.setdefault(_make_key(each.first), []).append((host, each))
    merged = (FleetGroup(parts[0][1].wording, tuple(parts)) for parts in found.values())
    return tuple(sorted(merged, key=lambda each: _rank_group(each, len(each.parts))))


def group(findings: Iterable[Check], unknowns: Iterable[Check]) -> tuple[Group, ...]:
    """The most urgent first. Waived findings are in separate groups."""
    rules = (*list_host_rules(), *list_fleet_rules())
    wordings = {each.title: each for rule in rules for each in rule.wordings}
    roots: dict[_Alike, list[list[Check]]] = {}
    every = tuple(findings)
    waived = [check for check in every if check.waiver is not None]
    for family in (*_group_by_root(check for check in every if check.waiver is None), *_group_by_root(waived)):
        roots.setdefault(_make_key(family[0]), []).append(family)
    blind = _count_consequences(unknowns)
    found = (_group(families, blind, wordings) for families in roots.values())
    return tuple(sorted(found, key=_rank_group))


def _make_key(root: Check) -> _Alike:
    return root.id, root.title, root.severity.value, root.waiver is not None


def _group_by_root(findings: Iterable[Check]) -> list[list[Check]]:
    """Each root with everything below it."""
    families: list[list[Check]] = []
    for depth, check in nest_by_cause(findings):
        if depth:
            families[-1].append(check)
        else:
            families.append([check])
    return families


def _count_consequences(unknowns: Iterable[Check]) -> Mapping[str, int]:
    """Fingerprint → how many checks it leaves unknown."""
    found: dict[str, int] = {}
    for check in unknowns:
        if check.because is not None:
            found[check.because] = found.get(check.because, 0) + 1
    return found


def _group(families: Sequence[list[Check]], blind: Mapping[str, int], wordings: Mapping[str, Wording]) -> Group:
    members = tuple(family[0] for family in families)
    below = tuple(check for family in families for check in family[1:])
    title = members[0].title
    unseen = sum(blind.get(check.fingerprint, 0) for check in (*members, *below))
    return Group(wordings.get(title, Wording(title)), members, below, unseen)


def _rank_group(group: Group | FleetGroup, hosts: int = 1) -> tuple[bool, int, bool, int, int, str, str]:
    """Waived ones last; otherwise by severity, those with consequences before those without."""
    first = group.first
    consequences = len(group.below) + group.blind
    return (
        first.waiver is not None,
        -first.severity.rank,
        group.wording.untidy,
        -hosts,
        -consequences,
        first.id,
        first.subject,
    )
