"""QT214: the user, folders and limits of a service's process."""

from collections.abc import Iterator
from functools import partial

from qtctl.findings.finding import Severity
from qtctl.findings.remedy import Remedy, make_steps
from qtctl.meaning.running import (
    Difference,
    Wanted,
    Who,
    find_differences,
    find_venv,
    inherits,
    list_process_settings,
    list_soft_limits,
)
from qtctl.meaning.started_from import find_start_us
from qtctl.meaning.starts import find_identity, find_program, is_judged, list_user_needs
from qtctl.meaning.units import read_unit
from qtctl.meaning.ways import make_way
from qtctl.model.account_facts import Group
from qtctl.model.code_facts import VenvCheck
from qtctl.model.desired import Desired, DesiredService
from qtctl.model.desired_loaded import LoadedValue
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, Unit
from qtctl.model.json import JsonObject
from qtctl.model.process_facts import LIMIT_NAMES, Processes, ProcessPlaces
from qtctl.model.way_facts import PathWay, UserIds
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, ProofSource, Rule, Verdict

_JUST_NOW_US = 5_000_000
_GONE = " (deleted)"
_STATUS = {
    "uid": "Uid", "gid": "Gid", "groups": "Groups", "umask": "Umask", "no_new_privs": "NoNewPrivs",
    "cpus": "Cpus_allowed_list",
}  # fmt: skip
_LIMIT_NAMES = {name: said for said, name in LIMIT_NAMES.items()}


def _expect_declared_state(desired: Desired) -> tuple[Expectation, ...]:
    values = _map_loaded(desired)
    services = [each for each in desired.services if is_judged(each) and each.must_be_active is not False]
    running = (each for each in services if each.must_be_active)
    return (
        *(_make_process_expectation(service, values.get(service.unit, ())) for service in services),
        *(expectation for service in running for expectation in _list_places(service)),
    )


def _map_loaded(desired: Desired) -> dict[str, tuple[LoadedValue, ...]]:
    loaded = desired.loaded
    if not loaded:
        from qtctl.rules.loaded_units import list_loaded_units  # noqa: PLC0415 - the parser of unit files; most often cached

        loaded = list_loaded_units(desired)
    return {each.unit: each.values for each in loaded}


def _make_process_expectation(service: DesiredService, values: tuple[LoadedValue, ...]) -> Expectation:
    sets = list_process_settings(values)
    expected: JsonObject = {"user": service.user or "root", **sets}
    needs = (Need(Unit.FACT, service.unit), Need(Processes.FACT, service.unit), *list_user_needs(service))
    judge = partial(_is_as_declared, service=service, values=values)
    roots = (("QT711", service.user), ("QT728", service.user))
    return Expectation(service.unit, expected, needs, judge, service.origin, roots)


def _is_as_declared(facts: Facts, service: DesiredService, values: tuple[LoadedValue, ...]) -> Judgment:
    unit, found = read_unit(facts, service.unit), facts.read(Processes, service.unit)
    if unit is None or not find_start_us(unit):
        return NOT_JUDGED
    row = found.rows.get(str(unit.main_pid)) if found else None
    if found is None or row is None:
        return _judge_not_seen(facts, unit)
    wanted = Wanted(
        _find_user(facts, service, unit),
        list_process_settings(values),
        list_soft_limits(service),
        find_venv(service),
        inherits(find_program(service)),
        frozenset(key for key, _ in (*service.settings, *service.limits, *service.sandbox)),
    )
    different = find_differences(wanted, row, found)
    observed: JsonObject = {each.name: each.observed for each in different}
    expected = ", ".join(f"{each.name} {each.expected}" for each in different)
    need = Need(Processes.FACT, service.unit)
    sources = tuple(_prove_process(need, unit.main_pid, each, row) for each in different)
    loaded = _is_loaded(unit, different, values)
    roots = tuple(
        (id_, service.unit) for id_ in (("QT211", "QT403", "QT220", "QT210") if loaded else ("QT212", "QT213"))
    )
    if {each.name for each in different} == {"groups"}:
        roots = (("QT728", service.user), *roots)
    if not different:
        return Verdict(True, {}, (_prove_process(need, unit.main_pid, Difference("uid", None, None, "User"), row),))
    return Verdict(False, observed, sources, remedy=_choose_remedy(service, expected, loaded=loaded), roots=roots)


def _judge_not_seen(facts: Facts, unit: Unit) -> Judgment:
    """A process that began during the look is not the one that was examined."""
    if find_start_us(unit) + _JUST_NOW_US > facts.asked_us(Need(Unit.FACT, "")):
        return NOT_JUDGED
    why = f"process {unit.main_pid} was not among those of its control group"
    return Verdict(False, None, unknown=why, remedy="audit again")


def _find_user(facts: Facts, service: DesiredService, unit: Unit) -> Who | None:
    """None if unknown: a user that does not exist, and root, which may have switched users by itself."""
    who = find_identity(facts, service)
    if who is None:
        return None
    if service.user in ("", "root", "0"):
        return Who(0, None, None) if unit.user not in ("", "root", "0") else None
    login = facts.read(UserIds, service.user)
    group = facts.read(Group, service.group) if service.group not in ("", "root", service.user) else None
    gid = 0 if service.group == "root" else group.gid if group else login.gid if login else None
    pam = any(key == "PAMName" for key, _ in service.settings)
    groups = frozenset((*who.groups, *(() if gid is None else (gid,))))
    return Who(who.uid, gid, None if pam else groups)


def _is_loaded(unit: Unit, different: tuple[Difference, ...], values: tuple[LoadedValue, ...]) -> bool:
    """Whether systemd has loaded another value than the declared one, so that a restart would not help."""
    shown = unit.loaded or {}
    wanted = {each.directive: each for each in values}
    return any(
        wanted[each.directive].value != shown[wanted[each.directive].property]
        for each in different
        if each.directive in wanted and wanted[each.directive].property in shown
    )


def _choose_remedy(service: DesiredService, expected: str, *, loaded: bool) -> Remedy:
    restart = ("systemctl", "restart", "--", service.unit)
    return (
        make_steps(f"what its unit sets comes first; once {expected} is loaded:", restart)
        if loaded
        else make_steps(restart)
    )


def _prove_process(need: Need, pid: int, difference: Difference, row: JsonObject) -> ProofSource:
    name = difference.name
    if name in _STATUS:
        return _prove_status_line(need, pid, name, row)
    if name == "program":
        return ProofSource(need, f"tr '\\0' '\\n' </proc/{pid}/cmdline | head -n 1", str(row.get("program")))
    if name == "nice":
        show = f"awk '{{ sub(/.*[)] /, \"\"); print $17 }}' /proc/{pid}/stat"
        return ProofSource(need, show, str(row.get("nice")))
    if name == "policy":
        show = f"awk '{{ sub(/.*[)] /, \"\"); print $39 }}' /proc/{pid}/stat"
        return ProofSource(need, show, str(row.get("policy")))
    if name == "oom_score_adj":
        return ProofSource(need, f"cat /proc/{pid}/oom_score_adj", str(row.get("oom_score_adj")))
    limits = row.get("limits")
    pair = limits.get(name) if isinstance(limits, dict) else None
    words = ["unlimited" if each == -1 else str(each) for each in pair] if isinstance(pair, list) else []
    show = f"sed -n 's/^Max {_LIMIT_NAMES[name]} *//p' /proc/{pid}/limits | awk '{{ print $1, $2 }}'"
    return ProofSource(need, show, " ".join(words))


def _prove_status_line(need: Need, pid: int, name: str, row: JsonObject) -> ProofSource:
    values = row.get({"uid": "uids", "gid": "gids"}.get(name, name))
    words = [str(each) for each in values] if isinstance(values, list) else [str(values)]
    show = f"awk '/^{_STATUS[name]}:/ {{ $1 = $1; print }}' /proc/{pid}/status"
    return ProofSource(need, show, " ".join((f"{_STATUS[name]}:", *words)))


def _list_places(service: DesiredService) -> Iterator[Expectation]:
    needs = (Need(Unit.FACT, service.unit), Need(ProcessPlaces.FACT, service.unit))
    where = service.working_directory.removeprefix("-")
    if where.startswith("/") and "%" not in where:
        yield Expectation(
            f"{service.unit}: working directory",
            {"working directory": where},
            (*needs, Need(PathWay.FACT, where)),
            partial(_is_there, service=service, where=where),
            service.origin,
            tuple((id_, service.unit) for id_ in ("QT211", "QT220", "QT210", "QT212", "QT213")),
        )
    if find_venv(service):
        yield Expectation(
            f"{service.unit}: program",
            {"venv": service.venv},
            (*needs, Need(VenvCheck.FACT, service.venv)),
            partial(_is_its_venv, service=service),
            service.origin,
            (("QT214", service.unit), ("QT213", service.unit)),
        )


def _find_process(facts: Facts, service: DesiredService) -> tuple[str, list[str]] | None:
    """Its process and where it runs. None if none runs, or another one than a moment ago."""
    unit, found = read_unit(facts, service.unit), facts.read(ProcessPlaces, service.unit)
    if unit is None or found is None or not find_start_us(unit):
        return None
    pid = str(unit.main_pid)
    return (pid, found.rows[pid]) if pid in found.rows else None


def _is_there(facts: Facts, service: DesiredService, where: str) -> Judgment:
    found, way = _find_process(facts, service), facts.read(PathWay, where)
    if found is None:
        return NOT_JUDGED
    pid, (cwd, _) = found
    end = make_way(where, way).end if way else None
    holds = cwd == (end.path if end else where)
    source = ProofSource(Need(ProcessPlaces.FACT, service.unit), f"sudo readlink /proc/{pid}/cwd", cwd)
    return Verdict(
        holds, {"working directory": cwd}, (source,), remedy=make_steps(("systemctl", "restart", "--", service.unit))
    )


def _is_its_venv(facts: Facts, service: DesiredService) -> Judgment:
    found, venv = _find_process(facts, service), facts.read(VenvCheck, service.venv)
    if found is None or venv is None or not venv.resolved:
        return NOT_JUDGED
    pid, (_, exe) = found
    source = ProofSource(Need(ProcessPlaces.FACT, service.unit), f"sudo readlink /proc/{pid}/exe", exe)
    observed: JsonObject = {"program": exe, "its venv leads to": venv.resolved}
    remedy = make_steps(("systemctl", "restart", "--", service.unit))
    return Verdict(exe.removesuffix(_GONE) == venv.resolved, observed, (source,), remedy=remedy)


QT214 = Rule(
    "QT214",
    "process does not run as declared",
    Severity.WARNING,
    several="processes do not run as declared",
    what="The unit's main process has a different user or group, different supplementary groups, limits, niceness, "
    "OOM score adjustment, umask or CPUs than its unit sets, or runs with the interpreter of another venv, or without "
    "the NoNewPrivileges that its unit sets. What the unit does not set is compared with PID 1, from which everything "
    "inherits it: niceness, CPUs, scheduling, and limits where they are lower; umask only where it is set. A soft "
    "limit may be higher than declared: programs raise it themselves. Only root can see the working directory and the "
    "program: checking them needs `--become`.",
    why="The file is right and systemd has loaded it, but the process was changed by `renice` or `prlimit`, or was "
    "started before the change. A service that runs as root because of a drop-in from last year reads everything on "
    "the host; one with 1024 open files fails at the next peak.",
    fix="`grep . /proc/PID/limits` and `grep -E '^(Uid|Gid|Groups)' /proc/PID/status` show what it has. Fix what the "
    "unit sets (QT210, QT211, QT220), then `systemctl restart UNIT`: nothing else fixes the process.",
    expect=_expect_declared_state,
)
RULES = (QT214,)
