"""Assignments of a unit file and its drop-ins → the effective ones, each line kept as written."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from qtctl.adopt.read import Assignment
from qtctl.dialects.systemd.directives import (
    EMPTY_SAYS,
    NEVER_EMPTIED,
    AssignmentRule,
    find_assignment_rule,
    reset_with,
)
from qtctl.dialects.systemd.table.lookup import find_newest_kind
from qtctl.dialects.systemd.values import is_surely_taken

SYNONYMS = {
    ("Unit", "BindTo"): "BindsTo",
    ("Unit", "PropagateReloadTo"): "PropagatesReloadTo",
    ("Unit", "PropagateReloadFrom"): "ReloadPropagatedFrom",
    ("Unit", "StartLimitInterval"): "StartLimitIntervalSec",
    ("Service", "StartLimitInterval"): "StartLimitIntervalSec",
    ("Service", "StartLimitBurst"): "StartLimitBurst",
    ("Service", "StartLimitAction"): "StartLimitAction",
    ("Service", "FailureAction"): "FailureAction",
    ("Service", "RebootArgument"): "RebootArgument",
}
"""Old directives that do the same as a current one in [Unit]."""
_PATHS = {
    "ReadWriteDirectories": "ReadWritePaths",
    "ReadOnlyDirectories": "ReadOnlyPaths",
    "InaccessibleDirectories": "InaccessiblePaths",
}

At = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Merged:
    """(section, directive) → the assignments in force, in order. `replaced`: those replaced by later ones."""

    held: dict[At, tuple[Assignment, ...]]
    replaced: tuple[Assignment, ...]
    order: tuple[Assignment, ...] = ()
    """All assignments in force, in one order across all directives."""

    def last(self, section: str, key: str) -> str:
        """The value that counts; "" if there is none."""
        found = self.held.get((section, key), ())
        return found[-1].value if found else ""

    def all(self, section: str, key: str) -> tuple[str, ...]:
        return tuple(each.value for each in self.held.get((section, key), ()))


def merge(said: Iterable[Assignment], *, resets: bool = False) -> Merged:
    """In the order in which systemd reads them. `resets`: keep an assignment that empties a list, before the list."""
    held: dict[At, list[Assignment]] = {}
    replaced: list[Assignment] = []
    taken: list[Assignment] = []
    for each in said:
        for one in modernize(each):
            taken.append(one)
            _take(held, replaced, one, resets=resets)
    holding = {id(one) for those in held.values() for one in those}
    order = tuple(one for one in taken if id(one) in holding)
    return Merged({at: tuple(those) for at, those in held.items() if those}, tuple(replaced), order)


def modernize(said: Assignment) -> tuple[Assignment, ...]:
    """The assignment in current terms; TimeoutSec= of a service becomes two."""
    at = (said.section, said.key)
    if at == ("Service", "TimeoutSec"):
        return tuple(replace(said, key=key) for key in ("TimeoutStartSec", "TimeoutStopSec"))
    if at in SYNONYMS:
        return (replace(said, section="Unit", key=SYNONYMS[at]),)
    if said.section not in ("Unit", "Install") and said.key in _PATHS:
        return (replace(said, key=_PATHS[said.key]),)
    return (said,)


def _take(held: dict[At, list[Assignment]], replaced: list[Assignment], said: Assignment, *, resets: bool) -> None:
    at, kind = (said.section, said.key), find_assignment_rule(said.key)
    if kind is AssignmentRule.SCALAR:
        _replace(held, replaced, said, resets=resets)
    elif kind is AssignmentRule.FIRST and (held.get(at) or not said.value):
        replaced.append(said)
    elif said.value:
        held.setdefault(at, []).append(said)
    elif kind in NEVER_EMPTIED:
        replaced.append(said)
    else:
        _reset(held, replaced, said, keep=resets or said.key in EMPTY_SAYS)


def _replace(held: dict[At, list[Assignment]], replaced: list[Assignment], said: Assignment, *, resets: bool) -> None:
    """An earlier assignment stays if systemd may ignore this one: then both are written, and systemd decides."""
    at = (said.section, said.key)
    if held.get(at) and not _is_surely_taken(said):
        held[at].append(said)
        return
    if said.value:
        before = held.pop(at, [])
        # The empty assignment is kept: it empties other directives too.
        emptied = [each for each in before[:1] if not each.value and reset_with(said.key) != frozenset((said.key,))]
        replaced += before[len(emptied) :]
        held[at] = [*emptied, said]
    else:
        # Slices have no task limit, unless it is emptied: then they have the default of services.
        _reset(held, replaced, said, keep=resets or at == ("Slice", "TasksMax"))


def _is_surely_taken(said: Assignment) -> bool:
    return is_surely_taken(said.key, find_newest_kind(said.section, said.key), said.value)


def _reset(held: dict[At, list[Assignment]], replaced: list[Assignment], said: Assignment, *, keep: bool) -> None:
    dropped = reset_with(said.key)
    for at in [at for at in held if at[0] == said.section and _is_among(at[1], dropped)]:
        replaced += held.pop(at)
    if keep:
        held[said.section, said.key] = [said]
    else:
        replaced.append(said)


def _is_among(key: str, dropped: frozenset[str] | str) -> bool:
    return key.startswith(dropped) if isinstance(dropped, str) else key in dropped
