"""QT229: what a service runs, running outside of its unit."""

from functools import partial

from qtctl.dialects.shell import quote
from qtctl.findings.finding import Severity
from qtctl.findings.remedy import make_steps
from qtctl.meaning.copies import map_copies
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts
from qtctl.model.json import JsonObject
from qtctl.model.process_facts import ProgramCopies
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, ProofSource, Rule, Verdict

NEED = Need(ProgramCopies.FACT, "*")


def _expect_no_copies(desired: Desired) -> tuple[Expectation, ...]:
    return (Expectation("processes", {"outside of their units": []}, (NEED,), partial(_are_units, desired=desired)),)


def _are_units(facts: Facts, desired: Desired) -> Judgment:
    found = facts.read(ProgramCopies, NEED.subject)
    if found is None:
        return NOT_JUDGED
    copies = map_copies(desired, found)
    if not copies:
        return Verdict(True, {"outside of their units": []})
    return tuple(_make_verdict(unit, rows) for unit, rows in sorted(copies.items()))


def _make_verdict(unit: str, rows: dict[str, str]) -> Verdict:
    observed: JsonObject = {"pids": [*[*rows][:5]], "cgroup": next(iter(rows.values()))}
    sources = tuple(_prove_copy(pid, group) for pid, group in [*rows.items()][:3])
    pids = [*rows][:5]
    remedy = make_steps(
        ("ps", "-o", "pid,user,lstart,cgroup,args", "-p", ",".join(pids)),
        "find out who started it and why; then end it, as root:",
        ("kill", "--", *pids),
    )
    return Verdict(False, observed, sources, subject=unit, remedy=remedy)


def _prove_copy(pid: str, group: str) -> ProofSource:
    return ProofSource(NEED, f"cut -d : -f 3- /proc/{pid}/cgroup | grep -Fx -m 1 -- {quote(group)}", group)


QT229 = Rule(
    "QT229",
    "program of a service runs outside of its unit",
    Severity.ERROR,
    several="programs of services run outside of their units",
    what="A process runs the script, module, application or program of a declared service, and is in no declared "
    "unit's control group: started by hand, in a terminal left open, by cron, in another unit or a container. It is "
    "found by its command line: the declared path, `-m MODULE` or `MODULE:APP`. Where the path is relative to a "
    "folder that only root can see, the check needs --become. Programs of packages (/usr/bin) are not recognised; "
    "oneshots may be run by hand.",
    why="Two copies of a service that trades read the same streams and send the same orders. The second one has none "
    "of the unit's limits, logging or restarts, runs yesterday's code for weeks, and `systemctl stop` does not stop "
    "it.",
    fix="`ps -o pid,user,lstart,cgroup,args -p PID` shows who started it and where. End it with `kill`, and remove "
    "what starts it: a crontab, someone's own unit. If the second copy is intended, declare a service for it.",
    expect=_expect_no_copies,
)
RULES = (QT229,)
