"""QT215: a declared timer will start its service again, and has not missed a run."""

from functools import partial

from qtctl.dialects.systemd.timespan import parse_microseconds as span
from qtctl.errors import InputError
from qtctl.findings.finding import Severity
from qtctl.findings.remedy import Remedy, make_steps
from qtctl.meaning.units import is_down, is_up, read_unit
from qtctl.model.desired import Desired, DesiredTimer
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, Unit
from qtctl.model.json import JsonObject
from qtctl.model.moments import NEVER, parse_microseconds
from qtctl.rules import proofs
from qtctl.rules.declared import make_unit_expectation
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, Rule, Verdict

ONCE = frozenset(("OnBootSec", "OnStartupSec", "OnActiveSec", "OnClockChange", "OnTimezoneChange"))
"""What starts a service once, and not again."""
ACCURACY_US = 60_000_000
"""systemd's default AccuracySec=."""
SLACK_US = 60_000_000


def _expect_runs(desired: Desired) -> tuple[Expectation, ...]:
    return tuple(
        make_unit_expectation(timer, {"next": "scheduled"}, partial(_is_due, timer=timer), (("QT227", timer.triggers),))
        for timer in desired.timers
        if timer.active and not timer.is_template
    )


def _is_due(facts: Facts, timer: DesiredTimer) -> Judgment:
    unit = read_unit(facts, timer.unit)
    if unit is None or not is_up(unit.active_state):
        return NOT_JUDGED
    if unit.sub_state == "running":
        return _is_run_begun(facts, timer, unit)
    next_us, need = _find_next_us(unit), Need(Unit.FACT, timer.unit)
    if not next_us and not _is_monotonic(unit):
        fired_meanwhile = unit.sub_state != "elapsed"  # the state was asked for before the times
        once = all(key in ONCE for key, _ in timer.schedule if key.startswith("On"))
        done = fired_meanwhile or (unit.last_trigger_usec > 0 and once)
        source = proofs.prove_unit_property(need, timer.unit, "SubState", unit.sub_state)
        return Verdict(done, {"next": "none", "sub": unit.sub_state}, (source,), remedy=_choose_remedy(timer))
    late_us = parse_microseconds(facts.taken_at) - next_us if next_us else 0
    overdue = late_us > _compute_tolerance_us(timer)
    observed: JsonObject = {"next": "overdue", "seconds": late_us // 1_000_000} if overdue else {"next": "scheduled"}
    source = proofs.prove_unit_property(need, timer.unit, "SubState", unit.sub_state)
    return Verdict(not overdue, observed, (source,), remedy=_choose_remedy(timer))


def _is_run_begun(facts: Facts, timer: DesiredTimer, unit: Unit) -> Judgment:
    """The timer has fired, and waits for the end of the run. How long that lasts is QT227's."""
    triggered = read_unit(facts, timer.triggers)
    waited_us = parse_microseconds(facts.taken_at) - unit.last_trigger_usec
    if triggered is None or not is_down(triggered) or not unit.last_trigger_usec or waited_us <= SLACK_US:
        return NOT_JUDGED
    sources = (
        proofs.prove_unit_property(Need(Unit.FACT, timer.unit), timer.unit, "SubState", unit.sub_state),
        proofs.prove_unit_property(
            Need(Unit.FACT, timer.triggers), timer.triggers, "ActiveState", triggered.active_state
        ),
    )
    observed: JsonObject = {"next": "not begun", "seconds": waited_us // 1_000_000}
    remedy = make_steps(
        ("systemctl", "list-jobs", "--after", "--no-pager"),
        "it shows what the run waits for; this ends the wait:",
        ("systemctl", "restart", timer.unit),
    )
    return Verdict(False, observed, sources, remedy=remedy)


def _find_next_us(unit: Unit) -> int:
    """The next run of a calendar expression; 0 for none. systemd says "never" as the largest number."""
    return unit.next_elapse_usec_realtime if 0 < unit.next_elapse_usec_realtime < NEVER else 0


def _is_monotonic(unit: Unit) -> bool:
    return 0 < unit.next_elapse_usec_monotonic < NEVER


def _compute_tolerance_us(timer: DesiredTimer) -> int:
    pairs = dict(timer.schedule)
    return (
        SLACK_US
        + _parse_span_us(pairs.get("AccuracySec", ""), ACCURACY_US)
        + _parse_span_us(pairs.get("RandomizedDelaySec", ""), 0)
    )


def _parse_span_us(text: str, otherwise: int) -> int:
    try:
        return span(text) if text else otherwise
    except InputError:
        return otherwise


def _choose_remedy(timer: DesiredTimer) -> Remedy:
    return make_steps(
        ("systemctl", "list-timers", "--all", "--no-pager", timer.unit),
        "give the timer a schedule that comes again; this runs it now:",
        ("systemctl", "start", timer.triggers),
    )


QT215 = Rule(
    "QT215",
    "timer without a next run, or overdue",
    Severity.ERROR,
    several="timers have no next run, or are overdue",
    what="The timer is active and nothing is scheduled: its dates are past, or it counts from the last run "
    "(OnUnitActiveSec=) of a service that has not run since the boot. Or its next run is overdue by more than "
    "AccuracySec= and RandomizedDelaySec= explain; or it fired, and a minute later the run has not begun: its job "
    "waits for another one. A timer that should run once after boot, and did, is fine; one that is not active at all "
    "is QT219.",
    why="`systemctl is-active` says active, and the job is never run again. Nobody notices until its result is needed.",
    fix="Look at `systemctl list-timers --all`. Give the timer `on_calendar`, or `on_boot` beside `on_unit_active`. A "
    "run that hangs (QT227) keeps its timer from starting another.",
    expect=_expect_runs,
    gate=True,
)
RULES = (QT215,)
