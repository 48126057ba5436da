"""QT112: timers that do not do what they say (`persistent` without `on_calendar` is an error of the registry)."""

import re
from collections.abc import Iterator

from qtctl.dialects.systemd import timespan
from qtctl.dialects.systemd.booleans import parse_boolean
from qtctl.dialects.systemd.calendar import explain_calendar_trouble, has_date_left
from qtctl.dialects.systemd.forms import find_zone_trouble
from qtctl.errors import InputError
from qtctl.findings.finding import Finding, Severity
from qtctl.model.origin import Origin
from qtctl.rules.locate import find_origin
from qtctl.rules.view import Unit, View, ViewRule

_FIRST = ("OnCalendar", "OnActiveSec", "OnBootSec", "OnStartupSec")
"""What makes a timer elapse though its unit has never run."""
_AGAIN = ("OnUnitActiveSec", "OnUnitInactiveSec")
_CHANGES = ("OnClockChange", "OnTimezoneChange")
_ONE_DATE = re.compile(
    r"\s*([A-Z][a-z]{2}\s+)?[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([ T]+[0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2})?)?"
    r"(\s+[A-Za-z][\w/+-]*)?\s*$"
)
"""A calendar expression that elapses once: a full date without lists, ranges or repetitions."""
_STARTING = {
    "Unit": ("Wants", "Requires", "Requisite", "BindsTo", "Upholds", "OnSuccess", "OnFailure"),
    "Timer": ("Unit",),
    "Socket": ("Service",),
    "Path": ("Unit",),
}


def judge_timers(view: View) -> Iterator[Finding]:
    units = {unit.name: unit for unit in view.units}
    for timer in view.units:
        if not timer.name.endswith(".timer"):
            continue
        yield from _judge_calendar(view, timer)
        if parse_boolean(timer.last("Timer", "Persistent")) and not timer.all("Timer", "OnCalendar"):
            what = "has Persistent= without OnCalendar=, which does nothing"
            yield _make_finding(timer.subject, what, "take it out", timer.declared.origin, Severity.ERROR)
        started = units.get(timer.last("Timer", "Unit") or f"{timer.name.removesuffix('.timer')}.service")
        if started is not None and view.is_whole(timer) and view.is_whole(started):
            yield from _judge_driven(view, timer, started)


def _judge_calendar(view: View, timer: Unit) -> Iterator[Finding]:
    for expression in timer.all("Timer", "OnCalendar"):
        trouble = explain_calendar_trouble(expression) or find_zone_trouble(expression)
        if trouble:
            yield QT112.make_broken(
                timer.subject,
                f"on_calendar {expression!r} is not a calendar expression: {trouble}",
                "see systemd.time(7); `systemd-analyze calendar EXPRESSION` shows when it elapses",
                find_origin(view, timer, "OnCalendar"),
            )
        elif view.today and not has_date_left(expression, view.today):
            yield _make_finding(
                timer.subject,
                f"on_calendar {expression!r} never elapses: it has no date in the future",
                "give it a future date, or remove the timer; `systemd-analyze calendar EXPRESSION` shows the next one",
                find_origin(view, timer, "OnCalendar"),
                Severity.WARNING,
            )


def _judge_driven(view: View, timer: Unit, started: Unit) -> Iterator[Finding]:
    if parse_boolean(started.last("Service", "RemainAfterExit")) and _is_repeating(timer):
        yield _make_finding(
            started.subject,
            f"has RemainAfterExit= and is started by {timer.name}: it stays active, so the timer runs it once",
            "remove remain_after_exit",
            find_origin(view, started, "RemainAfterExit"),
            Severity.ERROR,
        )
    pulled = _list_pulled_by(started)
    if pulled and started.last("Service", "Type") == "oneshot":
        yield _make_finding(
            started.subject,
            f"is a oneshot that both {timer.name} and {', '.join(pulled)} start: it runs at every boot, too",
            'say state = "on-timer", or remove the timer',
            started.declared.origin.at("state"),
            Severity.WARNING,
        )
    elapses = any(timer.all("Timer", key) for key in _FIRST) or any(
        parse_boolean(timer.last("Timer", key)) for key in _CHANGES
    )
    if not pulled and not elapses and not view.partial and not _is_started_otherwise(view, timer, started):
        yield _make_finding(
            timer.subject,
            f"counts from the last run of {started.name}, which nothing else starts: it never elapses",
            "add on_boot, or an on_calendar",
            timer.declared.origin,
            Severity.WARNING,
        )


def _is_repeating(timer: Unit) -> bool:
    """Whether it elapses more than once: one that counts from the boot, or has a single date, is meant to run once."""
    if any(map(_is_span, (span for key in _AGAIN for span in timer.all("Timer", key)))) or any(
        parse_boolean(timer.last("Timer", key)) for key in _CHANGES
    ):
        return True
    return any(_ONE_DATE.match(expression) is None for expression in timer.all("Timer", "OnCalendar"))


def _is_span(text: str) -> bool:
    """Whether it is longer than zero: OnUnitActiveSec=0 repeats nothing."""
    try:
        return timespan.parse_microseconds(text) > 0
    except InputError:
        return True


def _list_pulled_by(started: Unit) -> tuple[str, ...]:
    """The units that start it once it is enabled; none if it is declared disabled."""
    service = started.service
    if service is not None and service.generated and not service.must_be_enabled:
        return ()
    return (*started.all("Install", "WantedBy"), *started.all("Install", "RequiredBy"))


def _is_started_otherwise(view: View, timer: Unit, started: Unit) -> bool:
    """Whether another unit starts it: one that wants it, another timer, a socket or a path."""
    return any(
        started.name in unit.all(section, key)
        for unit in view.units
        if unit is not timer
        for section, keys in _STARTING.items()
        for key in keys
    )


def _make_finding(subject: str, what: str, remedy: str, at: Origin, severity: Severity) -> Finding:
    return QT112.make_broken(subject, what, remedy, at, severity=severity)


QT112 = ViewRule(
    "QT112",
    "timer that does not do what it says",
    Severity.ERROR,
    what="`persistent` without `on_calendar`; a calendar expression that systemd refuses; RemainAfterExit= in what a "
    "timer starts; and, as warnings: a calendar expression whose dates are past or never come, a oneshot that both a "
    "timer and a target start, and a timer that counts only from the last run of something that nothing else starts.",
    why="systemd keeps the time of the last run for calendar timers only, drops an expression that it cannot read, "
    "and does not start a unit that is still active: the timer looks armed and never runs anything.",
    fix="Remove `persistent` (`qtctl lint --fix` does so) or add an `on_calendar`; correct the expression "
    '(`systemd-analyze calendar`); say `state = "on-timer"`; add `on_boot`.',
    look=judge_timers,
)
RULES = (QT112,)
