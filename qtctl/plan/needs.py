"""The facts of the host that a plan needs. All of them must be known before anything is decided."""

from qtctl.meaning.deploys import STATUS
from qtctl.meaning.originals import needs_of
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import File, Unit
from qtctl.plan import accounts, hosts_file, installs, leftovers, targets
from qtctl.plan.dependents import PULLED_BY
from qtctl.plan.unit_goals import list_goals

RESTART_DELAY = ("Service", "RestartUSec")
"""A drop-in may have changed it."""


def list_needs(desired: Desired) -> tuple[Need, ...]:
    """The facts that a plan reads.

    Sorted: `unit` for every declared unit; `file` for every generated file, enabling link, secrets file and folder, and
    for all folders above what is written. Then users and groups of accounts and folders, the hosts file, and what the
    host says about its deploys.
    """
    paths = {need.subject for file in desired.files for need in needs_of(file)}
    paths.update(folder.path for folder in desired.folders)
    paths.update(hosts_file.list_paths(desired))
    paths.update(targets.list_folders(desired))
    paths.update(need.subject for need in installs.list_needs(desired))
    units: set[str] = set()
    for goal in list_goals(desired):
        units.update((goal.unit, goal.hands_to) if goal.hands_to else (goal.unit,))
        paths.update(goal.sees)
        paths.update(goal.links)
    wanted = [Need(Unit.FACT, unit) for unit in sorted(units)]
    wanted += [Need(File.FACT, path) for path in sorted(paths)]
    wanted += [need for need in leftovers.list_needs(desired) if need not in wanted]
    return (*wanted, *accounts.list_needs(desired), *hosts_file.list_needs(desired), STATUS)


def list_properties(desired: Desired) -> dict[str, tuple[tuple[str, str], ...]]:
    """Unit → further properties to ask for: which units stop or restart with it, and how long its restart waits."""
    names = (name for goal in list_goals(desired) for name in (goal.unit, goal.hands_to) if name)
    return {name: (*PULLED_BY, RESTART_DELAY) if name.endswith(".service") else PULLED_BY for name in names}
