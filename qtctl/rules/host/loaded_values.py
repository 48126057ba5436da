"""QT220: what systemd has loaded of a unit is what its file says."""

from functools import partial

from qtctl.findings.finding import Severity
from qtctl.findings.remedy import make_steps
from qtctl.meaning.drift import find_differences
from qtctl.meaning.units import is_loaded, read_unit
from qtctl.model.desired import Desired
from qtctl.model.desired_loaded import LoadedUnit, LoadedValue
from qtctl.model.desired_unit import DesiredUnit
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, Unit
from qtctl.model.json import JsonObject
from qtctl.rules import proofs
from qtctl.rules.declared import deploy_command
from qtctl.rules.rule import NOT_JUDGED, Expectation, Rule, Verdict


def _expect_declared_state(desired: Desired) -> tuple[Expectation, ...]:
    units = {unit.unit: unit for unit in desired.units()}
    loaded = desired.loaded
    if not loaded:
        from qtctl.rules.loaded_units import list_loaded_units  # noqa: PLC0415 - the parser of unit files; most often cached

        loaded = list_loaded_units(desired)
    return tuple(_make_expectation(units[each.unit], each) for each in loaded)


def _make_expectation(unit: DesiredUnit, loaded: LoadedUnit) -> Expectation:
    expected: JsonObject = {value.directive: value.value for value in loaded.values}
    need = Need(Unit.FACT, unit.unit)
    judge = partial(_is_as_declared, unit=unit.unit, wanted=loaded.values)
    return Expectation(
        unit.unit, expected, (need,), judge, unit.origin, tuple((id_, unit.unit) for id_ in ("QT210", "QT211", "QT212"))
    )


def _is_as_declared(facts: Facts, unit: str, wanted: tuple[LoadedValue, ...]) -> Verdict | tuple[Verdict, ...]:
    found = read_unit(facts, unit)
    if found is None or not is_loaded(found) or found.loaded is None:
        return NOT_JUDGED
    different = find_differences(wanted, found.loaded)
    observed: JsonObject = {each.directive: each.loaded for each in different}
    need = Need(Unit.FACT, unit)
    sources = tuple(
        proofs.prove_loaded_property(need, unit, each.shown, found.loaded[each.shown.name]) for each in different
    )
    if not different:
        sources = (proofs.prove_unit_property(need, unit, "LoadState", found.load_state),)
    remedy = make_steps(("systemctl", "revert", unit), deploy_command(facts))
    return Verdict(not different, observed, sources, remedy=remedy)


QT220 = Rule(
    "QT220",
    "loaded value other than declared",
    Severity.WARNING,
    several="units have loaded values other than declared",
    what="systemd has loaded a different value of a directive than the generated unit file sets: another limit, "
    "another user, another restart policy. Each directive is compared with the D-Bus property that shows it "
    "(`systemctl show -p PROPERTY UNIT`). Dependencies that systemd adds by itself do not count as a difference. "
    "Values that only the host can work out (a percentage of its memory, specifiers such as %t, its own spelling of a "
    "calendar expression) and filters that systemd expands (system calls, capabilities) are not compared.",
    why="The file is right, and the process runs with something else: `systemctl set-property`, a drop-in from "
    "another folder, or a value that this systemd ignored. A memory limit lifted for one night stays lifted.",
    fix="`systemctl cat UNIT` shows every file involved. `systemctl revert UNIT` removes drop-ins and properties that "
    "were set by hand; `qtctl deploy` then brings back the generated file. If the value is the right one, put it into "
    "the registry.",
    expect=_expect_declared_state,
)
RULES = (QT220,)
