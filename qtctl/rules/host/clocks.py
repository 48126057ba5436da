"""QT705, QT709: the host's time zone, and whether its clock is right."""

from functools import partial

from qtctl.findings.finding import Severity
from qtctl.findings.remedy import make_steps
from qtctl.meaning.units import is_active
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, HostBaseline, UnitListing
from qtctl.model.host_defaults import locate_desired_key
from qtctl.model.host_facts import HostState
from qtctl.model.moments import make_moment
from qtctl.rules.rule import Expectation, ProofSource, Rule, Verdict

BASELINE, STATE = Need(HostBaseline.FACT, "host"), Need(HostState.FACT, "host")
LISTING = Need(UnitListing.FACT, "*")
UTC = frozenset({"UTC", "UCT", "Universal", "Zulu", "Etc/UTC", "Etc/UCT", "Etc/Universal", "Etc/Zulu"})
"""Names of one zone; distributions use different ones."""
KEEPERS = ("systemd-timesyncd", "chrony", "chronyd", "ntp", "ntpd", "ntpsec", "openntpd", "ptp4l", "phc2sys")
"""Services that set a clock."""


def _expect_zone(desired: Desired) -> tuple[Expectation, ...]:
    if desired.zone_guessed or not desired.timezone:
        return ()
    origin = locate_desired_key(desired, "timezone")
    judge = partial(_is_zone, wanted=desired.timezone)
    return (Expectation("host", {"timezone": desired.timezone}, (BASELINE,), judge, origin),)


def _is_zone(facts: Facts, wanted: str) -> Verdict:
    host = facts.read(HostBaseline, "host")
    zone = host.timezone if host else ""
    if not zone:
        return Verdict(False, None, unknown="/etc/localtime is a copy of a time zone, and nothing names which")
    again = "{ readlink /etc/localtime || cat /etc/timezone || echo UTC; } | sed 's,.*zoneinfo/,,'"
    source = ProofSource(BASELINE, again, zone)
    remedy = make_steps(("timedatectl", "set-timezone", wanted), "restart the services that read the time of day")
    return Verdict(_is_same(zone, wanted), {"timezone": zone}, (source,), remedy=remedy)


def _is_same(zone: str, wanted: str) -> bool:
    return zone == wanted or {zone, wanted} <= UTC


def _expect_clocks(desired: Desired) -> tuple[Expectation, ...]:
    most = desired.limits.clock_skew_us
    return (
        Expectation("host", {"skew_ms_at_most": most // 1000}, (STATE,), partial(_judge_clocks, most_us=most)),
        Expectation("synchronisation", {"kept": True}, (LISTING, STATE), _is_kept),
    )


def _judge_clocks(facts: Facts, most_us: int) -> Verdict:
    state = facts.read(HostState, "host")
    skew = state.skew_us if state else 0
    seen = make_moment(state.clock_us) if state else None
    line = f"{seen:%Y-%m-%dT%H:%M:%S}" if seen else ""
    source = ProofSource(STATE, "date -u +%Y-%m-%dT%H:%M:%S", line)
    remedy = make_steps(("timedatectl",), "compare it with the machine that audits, and set the clock that is wrong")
    return Verdict(abs(skew) <= most_us, {"skew_ms": skew // 1000}, (source,), remedy=remedy)


def _is_kept(facts: Facts) -> Verdict:
    state, listing = facts.read(HostState, "host"), facts.read(UnitListing, "*")
    if state is not None and state.container:
        return Verdict(True, {"kept": True, "by": f"the machine that the {state.container} container runs on"})
    units = listing.units if listing else {}
    keeper = next((name for name in KEEPERS if _is_active(units.get(f"{name}.service"))), "")
    again = f"systemctl is-active {' '.join(KEEPERS)} | grep -x active || echo none"
    remedy = make_steps(("systemctl", "enable", "--now", "systemd-timesyncd.service"), "or install chrony")
    source = ProofSource(LISTING, again, "active" if keeper else "none")
    return Verdict(bool(keeper), {"kept": bool(keeper), "by": keeper}, (source,), remedy=remedy)


def _is_active(row: list[str] | None) -> bool:
    return row is not None and len(row) > 1 and is_active(row[1])


QT705 = Rule(
    "QT705",
    "host has another time zone than declared",
    Severity.WARNING,
    several="hosts have another time zone than declared",
    what="The time zone of the host is not the `timezone` in hosts.toml. Other names of UTC count as the same; if "
    "/etc/localtime is a copy and nothing names its zone, the check is unknown.",
    why="OnCalendar= of timers is read in the host's time zone: the nightly job runs at another hour, and twice or "
    "not at all when the clocks change. Logs of two hosts cannot be compared side by side.",
    fix="`timedatectl set-timezone ZONE` as root, then restart the services that look at the time of day. If the host "
    "is right, correct hosts.toml.",
    expect=_expect_zone,
    each_host=True,
)
QT709 = Rule(
    "QT709",
    "clock is off",
    Severity.ERROR,
    several="clocks are off",
    what="The clocks of the host and of the machine that audits are further apart than `clock_skew` of "
    "`[thresholds.host]` (2 s), even allowing for network delay; or nothing on the host synchronises its clock "
    "(`synchronisation`). The audit cannot tell which of the two clocks is wrong. Ages are judged by the clock that "
    "stamped them, so a wrong clock on the auditor's machine gives this finding and no other.",
    why="Orders are stamped with the host's time, certificates and tokens expire by it, and entries of two hosts lose "
    "their order. A clock that nothing synchronises is minutes off after some weeks.",
    fix="`timedatectl` on both machines shows who is synchronised. Enable systemd-timesyncd or chrony on the host, and "
    "correct the clock of the machine that audits if that is the wrong one.",
    expect=_expect_clocks,
)
RULES = (QT705, QT709)
