"""The units that systemd is asked about: for a template instances, since no template is ever loaded."""

from collections.abc import Iterator

from qtctl.dialects.systemd.refusals import find_refusals
from qtctl.dialects.systemd.specifiers import expand
from qtctl.dialects.systemd.unit_name import name_instance
from qtctl.dialects.systemd.unitfile import UnitFile, parse
from qtctl.model.desired import Desired, DesiredTimer
from qtctl.model.desired_file import DesiredFile
from qtctl.model.desired_unit import DesiredUnit

TRIED = "i"
"""The instance that systemd-analyze verify uses for a template."""
_LIKELY = (TRIED, "1", "daily", "Mon", "12:00")
"""Names for which `%i` is an address, a time or a day."""


def list_tried(desired: Desired) -> dict[str, tuple[str, ...]]:
    """Generated unit → what systemd is asked about: the unit; for a template its instances, or a possible one."""
    made = {file.subject: file for file in desired.files if file.kind == "unit"}
    return {
        unit.unit: _list_instances(desired, unit, made[unit.unit]) if unit.is_template else (unit.unit,)
        for unit in desired.generated_units()
        if unit.unit in made
    }


def list_calendars(desired: Desired, tried: dict[str, tuple[str, ...]]) -> Iterator[tuple[DesiredTimer, str]]:
    """Timer and calendar expression: for a template without instances, as an instance would have it."""
    for timer in desired.timers:
        if timer.is_template and desired.list_instances(timer.unit):
            continue
        unit = tried.get(timer.unit, (timer.unit,))[0]
        for directive, text in timer.schedule:
            if directive == "OnCalendar":
                yield timer, expand(text, unit) if timer.specifiers else text


def _list_instances(desired: Desired, template: DesiredUnit, file: DesiredFile) -> tuple[str, ...]:
    declared = tuple(each.unit for each in desired.list_instances(template.unit))
    if declared:
        return declared if b"%" in file.content else declared[:1]
    likely = (*(name for key, name in template.install if key == "DefaultInstance"), *_LIKELY)
    units = [name_instance(template.unit, name) for name in dict.fromkeys(likely)]
    parsed: UnitFile = parse(file.content, file.path)
    fits = (unit for unit in units if not find_refusals(unit, parsed, desired.systemd))
    return (next(fits, name_instance(template.unit, TRIED)),)
