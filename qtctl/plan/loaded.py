"""What systemd had loaded for the declared units at planning time, for the host to compare before it begins."""

import re
from collections.abc import Iterator

from qtctl.model.desired import Desired
from qtctl.model.facts import Facts, Unit
from qtctl.model.plan import LoadedAs

_PLAIN = re.compile(r"[A-Za-z0-9/._@:-]+")


def list_loaded(desired: Desired, facts: Facts) -> tuple[LoadedAs, ...]:
    """Sorted. A unit with a drop-in of an unusual name is left out: systemctl shows such a name escaped."""
    return tuple(_list_loaded(desired, facts))


def _list_loaded(desired: Desired, facts: Facts) -> Iterator[LoadedAs]:
    for name in sorted(each.unit for each in desired.units()):
        unit = facts.find(Unit, name)
        paths = unit.drop_in_paths if unit is not None else None
        if unit is not None and paths is not None and all(_PLAIN.fullmatch(path) for path in paths):
            yield LoadedAs(name, unit.need_daemon_reload, tuple(paths))
