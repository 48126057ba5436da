"""Findings as an operator works on them: by cause, similar ones together, failed and dangerous before untidy."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from qtctl.findings.meaning import Wording
from qtctl.reports.check import Check
from qtctl.reports.order import nest_by_cause
from qtctl.rules.catalogue import list_host_rules


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


def group(findings: Iterable[Check], unknowns: Iterable[Check]) -> tuple[Group, ...]:
    """The most urgent first. Waived findings are in separate groups."""
    wordings = {each.title: each for rule in list_host_rules() for each in rule.wordings}
    roots: dict[tuple[str, str, str, bool], list[list[Check]]] = {}
    every = tuple(findings)
    waived = [check for check in every if check.waiver is not None]
    for family in (*_group_by_root(check for check in every if check.waiver is None), *_group_by_root(waived)):
        root = family[0]
        alike = (root.id, root.title, root.severity.value, root.waiver is not None)
        roots.setdefault(alike, []).append(family)
    blind = _count_consequences(unknowns)
    found = (_group(families, blind, wordings) for families in roots.values())
    return tuple(sorted(found, key=_rank_group))


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


def _rank_group(group: Group) -> tuple[bool, int, bool, int, str, str]:
    """Waived ones last; otherwise by severity, those with consequences before those without."""
    first = group.first
    consequences = len(group.below) + group.blind
    return first.waiver is not None, -first.severity.rank, group.wording.untidy, -consequences, first.id, first.subject
