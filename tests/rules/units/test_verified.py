"""QT118, QT119, and the calendars of QT112: findings of what systemd's tools say, without the tools."""

from dataclasses import replace

from qtctl.dialects.systemd.analyze import OpenItem
from qtctl.errors import Place
from qtctl.findings.finding import Outcome
from qtctl.findings.verdict import Conclusion
from qtctl.stage.verified import AnalyzeAnswer, CalendarCheck, Exposure, UnitMessage, Verified

HOLDS, BROKEN = AnalyzeAnswer(Outcome.HOLDS, ""), AnalyzeAnswer(Outcome.BROKEN, "")
UNKNOWN = AnalyzeAnswer(Outcome.UNKNOWN, "why")
NAMED = UnitMessage("a.service", "/etc/a.service", 3, "X=1", "Unknown key", Place("services/a.toml", 1))
OTHER = UnitMessage("", "", None, "", "of a unit of the system", None)
WELL = Verified(
    fleet="f",
    host="box",
    host_systemd=255,
    systemd=255,
    threshold=5.0,
    units=("a.service",),
    verify=HOLDS,
    messages=(),
    calendar=HOLDS,
    calendars=(CalendarCheck("t.timer", "hourly", "*-*-* *:00:00", Outcome.HOLDS, "", None),),
    security=HOLDS,
    exposures=(Exposure("a.service", 4.0, "OK", Outcome.HOLDS, (OpenItem("x", "y", 0.1),), None),),
)


def found(verified: Verified) -> list[tuple[str, str]]:
    return [(each.id, each.subject) for each in verified.findings]


def test_all_is_well() -> None:
    assert found(WELL) == []
    assert WELL.conclusion is Conclusion.AS_DECLARED


def test_a_message_of_a_unit() -> None:
    verified = replace(WELL, verify=BROKEN, messages=(NAMED, OTHER))
    assert found(verified) == [("QT118", "a.service")]
    assert str(verified.findings[0].place) == "services/a.toml:1"
    assert verified.conclusion is Conclusion.NOT_AS_DECLARED


def test_messages_of_no_unit_are_findings_only_where_the_tool_fails() -> None:
    assert found(replace(WELL, messages=(OTHER,))) == []
    assert found(replace(WELL, verify=BROKEN, messages=(OTHER,))) == [("QT118", "systemd-analyze verify")]


def test_a_calendar_that_is_none() -> None:
    bad = CalendarCheck("t.timer", "never", "", Outcome.BROKEN, "Failed to parse", None)
    assert found(replace(WELL, calendar=BROKEN, calendars=(bad,))) == [("QT112", "t.timer never")]


def test_an_exposure_above_the_threshold() -> None:
    bad = Exposure("a.service", 9.0, "UNSAFE", Outcome.BROKEN, (), None)
    verified = replace(WELL, security=BROKEN, exposures=(bad,))
    assert found(verified) == [("QT119", "a.service")]
    assert (verified.findings[0].expected, verified.findings[0].observed) == ({"exposure": 5.0}, {"exposure": 9.0})


def test_a_tool_that_said_nothing_leaves_it_incomplete() -> None:
    assert replace(WELL, security=UNKNOWN, exposures=()).conclusion is Conclusion.INCOMPLETE
