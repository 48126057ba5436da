"""What to know before agreeing to a plan: hand edits, operators' drop-ins, timers that start something at once."""

from collections.abc import Iterable, Iterator, Mapping

from qtctl.dialects.systemd.timespan import parse_microseconds
from qtctl.dialects.systemd.unit_name import get_template
from qtctl.dialects.systemd.unitfile import merge_effective, parse
from qtctl.errors import InputError
from qtctl.meaning.deploys import judges_generation
from qtctl.model.deploy_facts import HostDeploys
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, File, HostBaseline, Unit
from qtctl.model.names import DROP_IN_DIRS
from qtctl.model.plan import Note, NoteKind, Step, StepKind
from qtctl.plan import pools
from qtctl.plan.unit_goals import list_goals

_DIGEST = 64
_OF_OPERATORS = ("/etc/", "/run/")
_SINCE_BOOT = ("OnBootSec", "OnStartupSec")
_AGAIN = ("OnUnitActiveSec", "OnUnitInactiveSec")
_Values = Mapping[tuple[str, str], tuple[str, ...]]


def list_notes(desired: Desired, facts: Facts, current: Mapping[str, bytes], steps: Iterable[Step]) -> tuple[Note, ...]:
    """`current`: contents of files on the host, including those that `list_dropins_to_read` names, as far as known."""
    return (
        *_list_edited(desired, facts),
        *_list_overridden(desired, facts, current),
        *_list_firing(desired, facts, steps),
        *pools.list_notes(desired, steps),
    )


def list_dropins_to_read(desired: Desired, facts: Facts) -> tuple[str, ...]:
    """Only drop-ins of declared units: those for whole types of unit may be anybody's."""
    found = (path for unit, paths in _list_dropins(desired, facts) for path in paths if _is_of(path, unit))
    return tuple(dict.fromkeys(found))


def _is_of(path: str, unit: str) -> bool:
    """Whether it is a drop-in of this unit or of its template, in a folder of operators or of `set-property`."""
    above, _, folder = path.rpartition("/")[0].rpartition("/")
    return above in DROP_IN_DIRS and folder in (f"{unit}.d", f"{get_template(unit)}.d")


def _list_dropins(desired: Desired, facts: Facts) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Unit → its drop-ins that neither qtctl nor a package wrote."""
    ours = {file.path for file in desired.files}
    for goal in list_goals(desired):
        unit = facts.find(Unit, goal.unit)
        paths = (unit.drop_in_paths or []) if unit is not None else []
        theirs = tuple(path for path in paths if path.startswith(_OF_OPERATORS) and path not in ours)
        if theirs:
            yield goal.unit, theirs


def _list_edited(desired: Desired, facts: Facts) -> Iterator[Note]:
    """Unit files that differ from what the last generation left there."""
    status = facts.find(HostDeploys, "host")
    if status is None or not judges_generation(status, desired.fleet, desired.host):
        return
    seen = set()
    for goal in list_goals(desired):
        left = status.units.get(goal.unit, ["", ""])[1]
        item = facts.find_item(Need(File.FACT, goal.file))
        if len(left) != _DIGEST or goal.file in seen or not item.state.known:
            continue
        seen.add(goal.file)
        there = facts.read(File, goal.file)
        if there is None:
            yield Note(NoteKind.EDITED, goal.file, f"it was removed since generation {status.current}")
        elif there.sha256 not in (None, left):
            yield Note(NoteKind.EDITED, goal.file, f"it was edited by hand since generation {status.current}")


def _list_overridden(desired: Desired, facts: Facts, current: Mapping[str, bytes]) -> Iterator[Note]:
    declared = {file.path: file.content for file in desired.files if file.of_unit}
    files = {goal.unit: goal.file for goal in list_goals(desired)}
    for unit, paths in _list_dropins(desired, facts):
        ours = _read_values(declared.get(files[unit], b""))
        for path in paths:
            yield Note(NoteKind.OVERRIDDEN, unit, f"{path}{_describe(_read_values(current.get(path, b'')), ours)}")


def _describe(theirs: _Values, ours: _Values) -> str:
    """Only keys: values may be secrets."""
    over = [key for section, key in theirs if (section, key) in ours and theirs[section, key] != ours[section, key]]
    more = [key for section, key in theirs if (section, key) not in ours]
    said = [f"overrides {', '.join(f'{key}=' for key in over)}"] if over else []
    said += [f"adds {', '.join(f'{key}=' for key in more)}"] if more else []
    return f" {' and '.join(said)}" if said else " applies to it"


def _read_values(content: bytes) -> _Values:
    """Nothing if it is not a unit file."""
    try:
        found = merge_effective(parse(content.decode(), "x.conf"))
    except (InputError, UnicodeDecodeError):
        return {}
    return {key: tuple(values) for key, values in found.items()}


def _list_firing(desired: Desired, facts: Facts, steps: Iterable[Step]) -> Iterator[Note]:
    """Timers that this plan starts and that start their unit at once."""
    contents = {file.path: file.content for file in desired.files}
    files = {goal.unit: goal.file for goal in list_goals(desired)}
    started = [step.subject for step in steps if step.kind in (StepKind.START, StepKind.RESTART)]
    host = facts.find(HostBaseline, "host")
    for timer in (unit for unit in started if unit.endswith(".timer") and unit in files):
        values = _read_values(contents.get(files[timer], b""))
        unit = values.get(("Timer", "Unit"), (f"{timer.removesuffix('.timer')}.service",))[-1]
        why = _fires_because(values, None if host is None else host.uptime_s * 1_000_000)
        if why:
            yield Note(NoteKind.FIRES, timer, f"{unit} {why}")


def _fires_because(values: _Values, uptime_us: int | None) -> str:
    for key in _SINCE_BOOT:
        for span in values.get(("Timer", key), ()):
            if uptime_us is not None and _is_past(span, uptime_us):
                return f"starts at once: {key}={span} is past"
    if any(_is_past(span, 0) for span in values.get(("Timer", "OnActiveSec"), ())):
        return "starts at once: OnActiveSec=0"
    for key in _AGAIN:
        if values.get(("Timer", key)):
            return f"starts at once if its last run is longer ago than {key}={values['Timer', key][0]}"
    if values.get(("Timer", "Persistent"), ("no",))[-1].lower() in ("yes", "true", "on", "1"):
        return "starts at once if a run was missed while the timer was down (Persistent=)"
    return ""


def _is_past(span: str, uptime_us: int) -> bool:
    try:
        return parse_microseconds(span) <= uptime_us
    except InputError:
        return False
