"""QT233: the main process of a service is stopped by a signal, or dead and not collected."""

from functools import partial

from qtctl.findings.finding import Severity
from qtctl.findings.remedy import make_steps
from qtctl.meaning.starts import is_judged
from qtctl.meaning.units import read_unit
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, Unit
from qtctl.model.process_facts import Processes
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, ProofSource, Rule, Verdict

_STANDS = {"T": "stopped by a signal", "t": "stopped by a debugger", "Z": "dead, and not reaped", "X": "dead"}


def _expect_going_processes(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            service.unit,
            {"process": "runs"},
            (Need(Unit.FACT, service.unit), Need(Processes.FACT, service.unit)),
            partial(_is_going, name=service.unit),
            service.origin,
        )
        for service in desired.services
        if is_judged(service) and service.must_be_active is not False
    )


def _is_going(facts: Facts, name: str) -> Judgment:
    unit, found = read_unit(facts, name), facts.read(Processes, name)
    row = found.rows.get(str(unit.main_pid)) if unit and found else None
    if unit is None or row is None or "state" not in row:
        return NOT_JUDGED  # QT214 reports it if a process is not seen
    state = str(row["state"])
    source = ProofSource(
        Need(Processes.FACT, name), f"awk '/^State:/ {{ print $2 }}' /proc/{unit.main_pid}/status", state
    )
    stands = _STANDS.get(state)
    going = ("systemctl", "kill", "-s", "CONT", "--kill-who=main", "--", name)
    remedy = make_steps(
        ("ps", "-o", "pid,stat,wchan,lstart,args", "-p", str(unit.main_pid)),
        "find out who stopped it (a debugger, kill -STOP, Ctrl-Z); then:" if state in "Tt" else "then:",
        going if state in "Tt" else ("systemctl", "restart", "--", name),
    )
    return Verdict(stands is None, {"process": stands or "runs"}, (source,), remedy=remedy)


QT233 = Rule(
    "QT233",
    "process of a service is stopped or dead",
    Severity.ERROR,
    several="processes of services are stopped or dead",
    what="The unit is active, and its main process is stopped by a signal (SIGSTOP, a debugger, a terminal), or a "
    "zombie that nobody has reaped. A control group that is frozen is QT226.",
    why="systemd calls the unit active for as long as the process exists. It answers nobody, reads no stream and "
    "sends no order; its port still takes connections, until the kernel's queue is full.",
    fix="`ps -o pid,stat,wchan,args -p PID` shows it (T, t or Z). `systemctl kill -s CONT UNIT` lets it continue, "
    "unless a debugger holds it; `systemctl restart UNIT` gets rid of a zombie.",
    expect=_expect_going_processes,
    gate=True,
)
RULES = (QT233,)
