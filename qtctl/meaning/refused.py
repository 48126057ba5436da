"""Which of a host's units systemd would refuse to load: each with its drop-ins, and all of them together."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from qtctl.dialects.systemd.assigned import Given
from qtctl.dialects.systemd.refusals import Refusal, find_dropin_refusals, find_refusals
from qtctl.dialects.systemd.unit_name import get_template, is_template
from qtctl.dialects.systemd.unitfile import Line, UnitFile, parse
from qtctl.model.desired import Desired

Instances = Mapping[str, tuple[str, ...]]
"""Template → the units of its instances."""
_NAME_ON_BUS = re.compile(r"[A-Za-z_-][A-Za-z0-9_-]*(\.[A-Za-z_-][A-Za-z0-9_-]*)+")


@dataclass(frozen=True, slots=True)
class UnitText:
    """The text of a unit, or, with `dropin`, of one of its drop-ins."""

    unit: str
    file: UnitFile
    dropin: bool


def list_texts(desired: Desired) -> tuple[UnitText, ...]:
    """The texts of all rendered unit files and drop-ins."""
    files = (file for file in desired.files if file.of_unit)
    return tuple(UnitText(file.subject, parse(file.content, file.path), file.kind == "dropin") for file in files)


def find_refused(
    texts: Iterable[UnitText], version: int, instances: Instances | None = None
) -> Iterator[tuple[str, Refusal]]:
    """Unit and reason: what systemd `version` does not load, or loads as something else than it says.

    If its template loads and the instance's own name does not, the unit is the instance.
    """
    those = tuple(texts)
    whole = {each.unit: each.file for each in those if not each.dropin}
    dropins: dict[str, list[UnitFile]] = {}
    for each in those:
        if each.dropin:
            dropins.setdefault(each.unit, []).append(each.file)
    for read in dropins.values():
        read.sort(key=_get_file_name)
    for unit, file in whole.items():
        of_template = find_refusals(unit, file, version, dropins.get(unit, ()))
        yield from ((unit, refusal) for refusal in of_template)
        known = {refusal.what for refusal in of_template}
        own = (instances or {}).get(unit, ()) if _takes_names(file) else ()
        for name in (each for each in own if each not in dropins):
            of_instance = find_refusals(name, file, version, dropins.get(unit, ()))
            yield from ((name, refusal) for refusal in of_instance if refusal.what not in known)
    for unit in dropins.keys() - whole.keys():
        yield from _find_refused_dropins(unit, whole.get(get_template(unit)), dropins, version)
    yield from _find_shared_bus_names(whole)


def _takes_names(file: UnitFile) -> bool:
    """Whether a value may differ from one instance to another."""
    return any("%" in line.value for line in file.directives)


def list_instances(desired: Desired) -> Instances:
    """The declared instances of each template that qtctl generates."""
    found: dict[str, tuple[str, ...]] = {}
    for unit in desired.units():
        if unit.template:
            found[unit.template] = (*found.get(unit.template, ()), unit.unit)
    return found


def _find_refused_dropins(
    unit: str, template: UnitFile | None, dropins: dict[str, list[UnitFile]], version: int
) -> Iterator[tuple[str, Refusal]]:
    """Refused drop-ins of an instance, merged with its template, or of a unit of someone else."""
    if template is None:
        yield from ((unit, refusal) for file in dropins[unit] for refusal in find_dropin_refusals(unit, file, version))
        return
    of_template = dropins.get(get_template(unit), [])
    known = {refusal.what for refusal in find_refusals(unit, template, version, of_template)}
    merged = sorted((*of_template, *dropins[unit]), key=_get_file_name)
    yield from ((unit, each) for each in find_refusals(unit, template, version, merged) if each.what not in known)


def _get_file_name(file: UnitFile) -> str:
    """The name by which systemd orders drop-ins."""
    return file.name.rpartition("/")[2]


def _find_shared_bus_names(whole: dict[str, UnitFile]) -> Iterator[tuple[str, Refusal]]:
    """systemd loads one unit for each name on the bus. A template is not loaded, and what is no name is ignored."""
    owners: dict[str, str] = {}
    for unit, file in whole.items():
        line = _find_bus_name(file)
        if line is None or is_template(unit) or not _NAME_ON_BUS.fullmatch(line.value):
            continue
        first = owners.setdefault(line.value, unit)
        if first != unit:
            what = f"has the BusName= of {first}: systemd loads one of them, and not always the same"
            yield unit, Refusal(what, "give it a name of its own", Given(line, file.name))


def _find_bus_name(file: UnitFile) -> Line | None:
    lines = [each for each in file.directives if (each.section, each.key) == ("Service", "BusName")]
    return lines[-1] if lines and lines[-1].value else None
