"""QT727: nobody has scheduled a shutdown of the host."""

from qtctl.findings.finding import Severity
from qtctl.findings.remedy import make_steps
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts
from qtctl.model.host_facts import HostState
from qtctl.model.moments import write_moment
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, ProofSource, Rule, Verdict

STATE = Need(HostState.FACT, "host")
SCHEDULED = "/run/systemd/shutdown/scheduled"


def _expect_no_shutdown(desired: Desired) -> tuple[Expectation, ...]:  # noqa: ARG001 every host stays up
    return (Expectation("host", {"shutdown": None}, (STATE,), _stays_up),)


def _stays_up(facts: Facts) -> Judgment:
    state = facts.read(HostState, "host")
    if state is None:
        return NOT_JUDGED
    if not state.shutdown:
        return Verdict(True, {"shutdown": None})
    observed = {"shutdown": state.shutdown, "at": write_moment(state.shutdown_at_us)}
    source = ProofSource(STATE, f"grep ^MODE= {SCHEDULED}", f"MODE={state.shutdown}")
    remedy = make_steps("unless it is meant (an update of packages may order one), cancel it:", ("shutdown", "-c"))
    return Verdict(False, {**observed}, (source,), remedy=remedy)


QT727 = Rule(
    "QT727",
    "shutdown is scheduled",
    Severity.WARNING,
    several="hosts have a shutdown scheduled",
    what="systemd was told to power off, reboot or halt the host at a later time: by `shutdown -h 22:00`, or by "
    "unattended-upgrades with Automatic-Reboot-Time. One that only warns (`shutdown -k`) looks the same. What `at`, a "
    "timer or a crontab will do is not seen here.",
    why="Everything runs, and at that minute the whole fleet is stopped in the middle of what it does. Five minutes "
    "before, systemd also stops logins, so that nobody can look any more.",
    fix=f"`cat {SCHEDULED}` shows when, and who ordered it (UID). `shutdown -c` cancels it. If the host must be "
    "rebooted, stop the fleet first, at an hour that you choose.",
    expect=_expect_no_shutdown,
)
RULES = (QT727,)
