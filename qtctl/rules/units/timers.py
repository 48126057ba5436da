"""QT112: timers that do not do what they say (`persistent` without `on_calendar` is an error of the registry)."""

from collections.abc import Iterator

from qtctl.dialects.systemd.booleans import boolean
from qtctl.dialects.systemd.calendar import calendar_trouble
from qtctl.findings.finding import Finding, Severity
from qtctl.model.origin import Origin
from qtctl.rules.locate import origin_of
from qtctl.rules.view import Unit, View, ViewRule

_FIRST = ("OnCalendar", "OnActiveSec", "OnBootSec", "OnStartupSec")
"""What makes a timer elapse though its unit has never run."""


def timers(view: View) -> Iterator[Finding]:
    units = {unit.name: unit for unit in view.units}
    for timer in view.units:
        if not timer.name.endswith(".timer"):
            continue
        yield from _calendar(view, timer)
        if boolean(timer.last("Timer", "Persistent")) and not timer.all("Timer", "OnCalendar"):
            what = "has Persistent= without OnCalendar=, which does nothing"
            yield _finding(timer.subject, what, "take it out", timer.declared.origin, Severity.ERROR)
        started = units.get(timer.last("Timer", "Unit") or f"{timer.name.removesuffix('.timer')}.service")
        if started is not None:
            yield from _driven(view, timer, started)


def _calendar(view: View, timer: Unit) -> Iterator[Finding]:
    for expression in timer.all("Timer", "OnCalendar"):
        trouble = calendar_trouble(expression)
        if trouble:
            yield QT112.broken(
                timer.subject,
                f"on_calendar {expression!r} is no calendar expression: {trouble}",
                "see systemd.time(7); `systemd-analyze calendar EXPRESSION` shows when it elapses",
                origin_of(view, timer, "OnCalendar"),
            )


def _driven(view: View, timer: Unit, started: Unit) -> Iterator[Finding]:
    if boolean(started.last("Service", "RemainAfterExit")):
        yield _finding(
            started.subject,
            f"has RemainAfterExit= and is started by {timer.name}: it stays active, so the timer runs it once",
            "take remain_after_exit out",
            origin_of(view, started, "RemainAfterExit"),
            Severity.ERROR,
        )
    pulled = (*started.all("Install", "WantedBy"), *started.all("Install", "RequiredBy"))
    if pulled and started.last("Service", "Type") == "oneshot":
        yield _finding(
            started.subject,
            f"is a oneshot that both {timer.name} and {', '.join(pulled)} start: it runs at every boot, too",
            'say state = "on-timer", or take the timer out',
            started.declared.origin.at("state"),
            Severity.WARNING,
        )
    if not pulled and not any(timer.all("Timer", key) for key in _FIRST):
        yield _finding(
            timer.subject,
            f"counts from the last run of {started.name}, which nothing else starts: it never elapses",
            "add on_boot, or an on_calendar",
            timer.declared.origin,
            Severity.WARNING,
        )


def _finding(subject: str, what: str, remedy: str, at: Origin, severity: Severity) -> Finding:
    return QT112.broken(subject, what, remedy, at, severity=severity)


QT112 = ViewRule(
    "QT112",
    "timer that does not do what it says",
    Severity.ERROR,
    what="`persistent` without `on_calendar`; a calendar expression that systemd refuses; RemainAfterExit= in what "
    "a timer starts; and as warnings a oneshot that both a timer and a target start, and a timer that counts only "
    "from the last run of something that nothing else starts.",
    why="systemd keeps the time of the last run for calendar timers only, drops an expression that it cannot read, "
    "and does not start again what is still active: the timer looks armed and never runs anything.",
    fix="Remove `persistent` (`qtctl lint --fix` does so) or add an `on_calendar`; correct the expression "
    '(`systemd-analyze calendar`); say `state = "on-timer"`; add `on_boot`.',
    look=timers,
)
RULES = (QT112,)
