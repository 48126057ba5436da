"""QT118: units that systemd does not load as they are written."""

from collections.abc import Iterator

from qtctl.dialects.systemd.refusals import Refusal
from qtctl.dialects.systemd.table.lookup import list_versions
from qtctl.dialects.systemd.unit_name import get_template
from qtctl.errors import Place
from qtctl.findings.finding import Finding, Severity
from qtctl.meaning.refused import UnitText, find_refused, list_instances
from qtctl.model.desired import DesiredDropin
from qtctl.model.origin import Origin
from qtctl.rules.locate import find_key_path, find_spot
from qtctl.rules.view import Unit, View, ViewRule


def judge_refused_units(view: View) -> Iterator[Finding]:
    whole = {unit.name: unit for unit in view.units if not _is_dropin(unit)}
    said = {id(line): unit for unit in view.units for line in unit.parsed.directives}
    texts = [UnitText(unit.name, unit.parsed, _is_dropin(unit)) for unit in view.units]
    instances = list_instances(view.desired)
    latest = find_refused(texts, list_versions()[-1], instances) if view.is_guessed("systemd") else ()
    surely = {(name, each.what) for name, each in latest} if view.is_guessed("systemd") else None
    for name, refusal in find_refused(texts, view.systemd, instances):
        main = whole[name] if name in whole else whole.get(get_template(name))
        unit = said[id(refusal.given.line)] if refusal.given else main
        about = whole.get(name, unit)
        if unit is None or about is None:
            continue
        if name in whole and name.endswith(".timer") and about.all("Timer", "OnCalendar"):
            continue  # QT112 is about the expression that leaves it without a time
        if not view.is_whole(about):
            continue
        at = find_spot(view, unit, refusal.given.line) if refusal.given else unit.declared.origin
        what, severity = _describe(refusal), _find_severity(refusal)
        if name not in whole and about is main:
            what = f"instance {name}: {what}"
        if surely is not None and (name, refusal.what) not in surely:
            what, severity = f"{what}, if that is what the host has: its version was guessed", Severity.INFO
        yield QT118.make_broken(about.subject, what, _write_remedy(view, refusal, about, at), at, severity=severity)


def _find_severity(refusal: Refusal) -> Severity:
    """Of units that depend on one that nobody has seen, a warning only if there are signs that it exists."""
    if refusal.sure:
        return Severity.ERROR
    return Severity.WARNING if refusal.likely else Severity.INFO


def _describe(refusal: Refusal) -> str:
    return refusal.what if refusal.loads else f"{refusal.what}: systemd does not load the unit"


def _write_remedy(view: View, refusal: Refusal, unit: Unit, at: Origin | Place) -> str:
    """If the defaults are to blame, the remedy says that the service can override them."""
    path = find_key_path(view.keys, refusal.given.line.key) if refusal.given else ()
    if not (isinstance(at, Origin) and at.file == "fleet.toml" and path):
        return refusal.remedy
    return f"{refusal.remedy}: {'.'.join(path)} of {unit.declared.origin.file} goes before the default"


def _is_dropin(unit: Unit) -> bool:
    return isinstance(unit.declared, DesiredDropin)


QT118 = ViewRule(
    "QT118",
    "unit that systemd refuses",
    Severity.ERROR,
    what="A unit that the `systemd` version in `hosts.toml` does not load as written: a oneshot with Restart=always, "
    "a program that is not a path, a timer without a time, a value that makes systemd reject the file. `qtctl lint` "
    "knows the reasons from systemd's source. `qtctl verify` runs `systemd-analyze verify` on this machine: there "
    "every message about a generated unit is this finding, even one about a setting that systemd ignores.",
    why="A unit that is not loaded cannot be started. One that is running carries on from memory until it is stopped, "
    "and then it is gone. A deploy refuses such a unit before it changes anything.",
    fix="The finding says what is refused, and where the registry or the unit template says it.",
    look=judge_refused_units,
)
RULES = (QT118,)
