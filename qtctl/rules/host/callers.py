"""QT236: scripts, timers and crontabs of someone else that start or stop declared units."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import partial

from qtctl.dialects.shell import quote
from qtctl.findings.finding import Severity
from qtctl.findings.remedy import make_steps
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts
from qtctl.model.setting_facts import UnitCallers
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, ProofSource, Rule, Verdict

HOST, CRONTABS = Need(UnitCallers.FACT, "host"), Need(UnitCallers.FACT, "crontabs")
_OF_OPERATORS = ("start", "enable", "reenable", "StartUnit")
"""What may be done to a package's unit without harm."""
Row = tuple[str, str, str]


def _expect_no_caller(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            subject, {"started or stopped by": []}, (need,), partial(_are_left_alone, need=need, desired=desired)
        )
        for subject, need in (("units", HOST), ("units, by crontabs of users", CRONTABS))
    )


def _are_left_alone(facts: Facts, need: Need, desired: Desired) -> Judgment:
    found = facts.read(UnitCallers, need.subject)
    if found is None:
        return NOT_JUDGED
    by_unit = _group_by_unit(desired, found)
    if need == CRONTABS and facts.find_item(HOST).state.known:
        beside = facts.read(UnitCallers, HOST.subject)
        told = _group_by_unit(desired, beside) if beside else {}
        by_unit = {unit: rows for unit, rows in by_unit.items() if unit not in told}
    if by_unit:
        return tuple(_make_verdict(need, unit, rows) for unit, rows in sorted(by_unit.items()))
    if found.unread:
        return Verdict(False, None, unknown=f"{found.unread[0]} cannot be read by the auditing account")
    return Verdict(True, {"started or stopped by": []})


def _group_by_unit(desired: Desired, found: UnitCallers) -> dict[str, list[Row]]:
    declared = {file.path for file in desired.files}
    by_unit: dict[str, list[Row]] = {}
    for verb, word, path in found.rows:
        for unit in _list_named(desired, verb, word) if path not in declared else ():
            by_unit.setdefault(unit, []).append((verb, word, path))
    return by_unit


def _list_named(desired: Desired, verb: str, word: str) -> Iterator[str]:
    for unit in desired.units():
        if not unit.generated and verb in _OF_OPERATORS:
            continue
        if any(fnmatchcase(name, shape) for name in unit.names for shape in (word, f"{word}.service")):
            yield unit.unit


def _make_verdict(need: Need, unit: str, rows: list[Row]) -> Verdict:
    paths = tuple(dict.fromkeys(path for _, _, path in rows))
    sources = tuple(_make_proof(need, row) for row in dict.fromkeys(rows[:3]))
    observed = {verb: path for verb, _, path in reversed(rows)}
    remedy = make_steps(
        *(("cat", "--", path) for path in paths[:3]),
        f"take {unit} out of {', '.join(paths[:3])}; declare in the registry what should happen to it on a schedule",
    )
    return Verdict(False, {**observed}, sources, subject=unit, remedy=remedy)


def _make_proof(need: Need, row: Row) -> ProofSource:
    _, word, path = row
    part = next((each for each in word.replace("?", "*").split("*") if each), word)
    as_root = "sudo " if need == CRONTABS else ""
    return ProofSource(need, f"{as_root}grep -oF -m 1 -e {quote(part)} -- {quote(path)} | head -n 1", part)


QT236 = Rule(
    "QT236",
    "something else starts or stops a declared unit",
    Severity.WARNING,
    several="something else starts or stops declared units",
    what="The file of a unit that the registry does not name, a crontab, a hook (logrotate, apt, udev, network), or a "
    "program that one of those runs, calls systemctl, service or systemd's bus to start, stop, restart, kill, enable "
    "or mask a declared unit. Names are found as they are written: in full, without .service, as a pattern, or "
    "anywhere in a file that calls systemctl with a variable. Only root can read users' crontabs. Starting an "
    "external is its operator's business.",
    why="Every night at three a service that trades is restarted, or stopped for a backup and not started when that "
    "fails. None of its own files says so, and its journal shows a clean stop that nobody ordered.",
    fix="The finding names the file. Take the call out, or declare what it does: `RestartSec=`, a timer and a service "
    "of the registry. Waive a call that is intended.",
    expect=_expect_no_caller,
)
RULES = (QT236,)
