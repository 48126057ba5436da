"""Units of a live host that no registry should declare: transient ones, generated ones, those of packages.

They stay as they are. Those that look like the fleet's become externals in their current state, so that an audit knows
them; nothing that lasts only until the next boot is made permanent.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from qtctl.adopt.adoption import FileFate, FileKind
from qtctl.adopt.classify_files import is_unit_file
from qtctl.adopt.ledger import Ledger
from qtctl.adopt.merged_units import Selection, list_levels
from qtctl.adopt.names import make_allowed
from qtctl.adopt.plan import Plan
from qtctl.dialects.systemd.unit_name import is_template
from qtctl.errors import Place
from qtctl.meaning.units import is_up
from qtctl.model.adoption import Found, UnitState

WHY = {
    "transient": "was created while the host was running, and is gone when it ends or at the next boot",
    "generator": "is made by a generator, at each boot and daemon-reload",
    "generator.early": "is made by a generator, at each boot and daemon-reload",
    "generator.late": "is made by a generator, at each boot and daemon-reload",
    "system": "lies in /run, and is gone at the next boot",
    "system.control": "lies in /run, and is gone at the next boot",
}
"""Folder below /run/systemd → what happens to its files."""
_ELSEWHERE = "has its file in none of the folders that were adopted"
_BY_NAME = "is an instance only by a link of its own name: no other unit pulls it in"
Table = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outside:
    """`runtime`: files below /run/systemd. `masked`: units known to be masked, which are already declared."""

    runtime: tuple[Found, ...]
    selection: Selection
    masked: frozenset[str]
    by_name: frozenset[str]
    """Instances that only have a link of their own name."""


def list_externals(plan: Plan, outside: Outside, ledger: Ledger) -> Iterator[tuple[str, Table]]:
    """Each unit that looks like the fleet's, or was asked for, as it is. The fate of each file goes to `ledger`."""
    named = dict(_list_unit_files(outside.runtime))
    for unit, (found, why) in sorted(named.items()):
        taken = unit not in plan.names and unit not in plan.aliases and _is_meant(unit, plan, outside)
        fate = f"{why}: {'declared as an external' if taken else 'not for a registry to declare'}"
        ledger.note_file(FileFate(found.path, FileKind.UNIT, unit, taken, fate))
        if taken:
            yield build_external(unit, f"It {why}.", plan.states.get(unit, UnitState()))
    for unit, state in sorted(plan.states.items()):
        here = is_up(state.active) or bool(state.enabled)
        if unit not in named and here and plan.is_unknown(unit) and _is_meant(unit, plan, outside):
            yield build_external(unit, f"It {_BY_NAME if unit in outside.by_name else _ELSEWHERE}.", state)


def build_external(unit: str, summary: str, state: UnitState) -> tuple[str, Table]:
    """Its entry in externals.toml, in the state that the host reports."""
    up, enabled = is_up(state.active), state.enabled in ("enabled", "alias")
    said = "running" if up else "stopped"
    return make_allowed(unit), {"summary": summary, "unit": unit, "state": said, "enabled": enabled}


def find_runtime_dropins(unit: str, runtime: Iterable[Found]) -> tuple[str, ...]:
    """The drop-ins in /run that systemd reads for a unit."""
    found = (each.path for each in runtime if PurePosixPath(each.path).parent.suffix == ".d")
    return tuple(path for path in found if PurePosixPath(path).parent.name.removesuffix(".d") in list_levels(unit))


def tell_dropins(plan: Plan, runtime: Iterable[Found], ledger: Ledger) -> None:
    """Drop-ins in /run stay in force and are not adopted."""
    for found in runtime:
        path = PurePosixPath(found.path)
        of, folder = path.parent.name.removesuffix(".d"), path.parent.parent.name
        if path.parent.suffix != ".d" or folder not in WHY:
            continue
        why = f"{WHY[folder]}: it stays in force until then, and was not adopted"
        ledger.note_file(FileFate(found.path, FileKind.DROPIN, of, taken=False, why=why))
        for unit in sorted(plan.names):
            if of in list_levels(unit):
                ledger.tell(unit, f"a drop-in {why}", "declare what should last", at=Place(found.path))


def _list_unit_files(runtime: Iterable[Found]) -> Iterator[tuple[str, tuple[Found, str]]]:
    """Unit files; those in folders that come first in systemd's order come last here, so that they win."""
    order = list(WHY)
    those = [each for each in runtime if PurePosixPath(each.path).parent.name in WHY and not each.problem]
    for found in sorted(those, key=lambda each: -order.index(PurePosixPath(each.path).parent.name)):
        path = PurePosixPath(found.path)
        if is_unit_file(path.name):
            yield path.name, (found, WHY[path.parent.name])


def _is_meant(unit: str, plan: Plan, outside: Outside) -> bool:
    selection = outside.selection
    if is_template(unit) or unit in outside.masked:
        return False
    return selection.wants(unit) and (bool(selection.only) or plan.is_unknown(unit))


def list_others(runtime: Iterable[Found], known: Mapping[str, FileFate]) -> Iterator[FileFate]:
    """What is neither a unit file nor a drop-in: mostly links that pull units in until the next boot."""
    for found in runtime:
        if found.path not in known:
            kind = FileKind.OTHER if found.link is None else FileKind.LINK
            why = (
                f"cannot be read: {found.problem}"
                if found.problem
                else WHY.get(found.path.split("/")[3], "lies in /run")
            )
            yield FileFate(found.path, kind, "", taken=False, why=why)
