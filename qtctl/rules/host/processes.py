"""QT213: a process that was started before the files that it uses were changed."""

from collections.abc import Iterator
from functools import partial

from qtctl.dialects.shell import quote
from qtctl.findings.finding import Severity
from qtctl.findings.remedy import Remedy, make_steps
from qtctl.meaning.access import Kind
from qtctl.meaning.originals import list_adopted_paths, list_originals, needs_of
from qtctl.meaning.started_from import Changed, find_start_us, list_config_files, list_newer, map_dropins
from qtctl.meaning.starts import is_judged, start_files
from qtctl.meaning.units import read_unit
from qtctl.meaning.ways import is_of_package, make_way
from qtctl.model.code_facts import VenvCheck
from qtctl.model.desired import Desired, DesiredService
from qtctl.model.desired_file import DesiredFile
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, File, Unit
from qtctl.model.json import JsonObject
from qtctl.model.moments import parse_microseconds, write_moment
from qtctl.model.way_facts import PathWay
from qtctl.rules import proofs
from qtctl.rules.declared import deploy_command
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, ProofSource, Rule, Verdict

_SECOND = 1_000_000


def _expect_current_processes(desired: Desired) -> tuple[Expectation, ...]:
    made = {file.subject: file.path for file in desired.files if file.kind == "unit"}
    dropins = map_dropins(desired)
    return tuple(
        _make_expectation(desired, service, list_config_files(service, made[service.made_by], dropins))
        for service in desired.services
        if service.made_by in made
    )


def _make_expectation(desired: Desired, service: DesiredService, files: tuple[str, ...]) -> Expectation:
    originals = list_originals(desired, service.unit, service.made_by)
    needs = (
        Need(Unit.FACT, service.unit),
        *(Need(File.FACT, path) for path in files),
        *(need for file in originals for need in needs_of(file)),
        *_list_run(service, "program"),
        *((Need(VenvCheck.FACT, service.venv),) if service.venv else ()),
    )
    judge = partial(_is_current, service=service, files=files, originals=originals)
    roots = tuple((check, service.unit) for check in ("QT210", "QT212"))
    return Expectation(service.unit, {"newer": []}, tuple(dict.fromkeys(needs)), judge, service.origin, roots)


def _list_run(service: DesiredService, *roles: str) -> tuple[Need, ...]:
    """Its program, or the script that it runs (role `code`), as far as their paths are known."""
    files = start_files(service) if is_judged(service) else ()
    return tuple(each.need for each in files if each.role in roles)


def _is_current(
    facts: Facts, service: DesiredService, files: tuple[str, ...], originals: tuple[DesiredFile, ...]
) -> Judgment:
    unit = read_unit(facts, service.unit)
    started = find_start_us(unit) if unit else 0
    if not started:
        return NOT_JUDGED
    left_out = {*list_adopted_paths(originals, facts), *(file.path for file in originals)} if originals else set()
    found = list_newer(_list_changes(facts, service, tuple(path for path in files if path not in left_out)), started)
    ahead = next((each for each in found if each.at_us > parse_microseconds(facts.taken_at) + _SECOND), None)
    if ahead is not None:
        changed = write_moment(ahead.at_us)
        why = f"{ahead.path} was changed at {changed}, which is after this audit: the host's clock was set"
        return Verdict(
            False, None, unknown=why, remedy=make_steps("once the clock is right:", ("touch", "--", ahead.path))
        )
    observed: JsonObject = {
        "started": write_moment(started),
        "newer": [f"{each.path} ({write_moment(each.at_us)})" for each in found],
    }
    need = Need(Unit.FACT, service.unit)
    sources = (
        *(_prove_times(facts, service, each) for each in found[:3]),
        proofs.prove_unit_property(need, service.unit, "MainPID", unit.main_pid if unit else 0),
    )
    return Verdict(not found, observed, sources, remedy=_choose_remedy(facts, service, found))


def _list_changes(facts: Facts, service: DesiredService, files: tuple[str, ...]) -> Iterator[Changed]:
    for path in files:
        if (there := facts.read(File, path)) is not None:
            yield Changed(path, there.mtime)
    for need in _list_run(service, "program", "code"):
        way = facts.find(PathWay, need.subject)  # QT405 and QT410 say where code cannot be seen
        end = make_way(need.subject, way).end if way else None
        if way and end and end.kind is Kind.FILE:
            yield Changed(end.path, way.ctime if is_of_package(end.path) else way.mtime)
    venv = facts.read(VenvCheck, service.venv) if service.venv else None
    if venv and venv.installed:
        yield Changed(venv.installed, venv.installed_at)


def _prove_times(facts: Facts, service: DesiredService, changed: Changed) -> ProofSource:
    """In whole seconds, as `stat` prints them, beside the start of the process."""
    field = "%Z" if is_of_package(changed.path) else "%Y"
    unit = Need(Unit.FACT, service.unit)
    need = Need(File.FACT, changed.path)
    known = need if facts.find_item(need).value is not None else unit
    return ProofSource(
        known, f"stat -c '{field} %n' {quote(changed.path)}", f"{changed.at_us // _SECOND} {changed.path}"
    )


def _choose_remedy(facts: Facts, service: DesiredService, found: tuple[Changed, ...]) -> Remedy:
    """A deploy restarts processes that use older files of its own; it knows nothing about other files."""
    files = {service.env_file, service.secrets_file}
    if any(each.path in files or each.path.endswith((".service", ".conf")) for each in found):
        return make_steps(deploy_command(facts))
    return make_steps(("systemctl", "restart", "--", service.unit))


QT213 = Rule(
    "QT213",
    "process older than the files it was started from",
    Severity.WARNING,
    what="The unit's process was started before its unit file, a declared drop-in, an env or secrets file, its "
    "program or interpreter, the script in its command line if it can be seen, or a package of its venv was last "
    "changed. A deploy that changes only what a daemon-reload applies keeps the file's modification time. Code that a "
    "program imports is not checked.",
    why="Files, packages and secrets are right on disk, every check of them holds, and the process still runs with "
    "the old ones: the old key, the old limit, the vulnerable library. It picks up the change at the next restart, "
    "when nobody makes the connection any more.",
    fix="`systemctl show -p ExecMainStartTimestamp UNIT` and `stat PATH` show both times. `qtctl deploy` restarts "
    "what was started with an older unit or env file; after an update of code, packages or the interpreter, `systemctl "
    "restart UNIT`.",
    expect=_expect_current_processes,
)
RULES = (QT213,)
