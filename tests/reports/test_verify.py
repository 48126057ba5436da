"""The report of verify: whole, and what it refuses."""

from dataclasses import replace

import pytest
from pydantic import ValidationError

from qtctl.dialects.systemd.analyze import OpenItem
from qtctl.errors import Place
from qtctl.findings.finding import Outcome
from qtctl.formats.markdown import write_markdown
from qtctl.reports.verify import build_report, to_json
from qtctl.reports.verify_page import build_page
from qtctl.stage.verified import AnalyzeAnswer, CalendarCheck, Exposure, UnitMessage, Verified

from .golden import assert_golden

HOLDS, BROKEN, UNKNOWN = Outcome.HOLDS, Outcome.BROKEN, Outcome.UNKNOWN
OPEN = tuple(OpenItem(f"Item{number}=", f"Service | may *{number}*", 0.6 - number / 10) for number in range(6))
UNIT = "/etc/systemd/system/a.service"
VERIFIED = Verified(
    fleet="fleet",
    host="box",
    host_systemd=255,
    systemd=252,
    threshold=8.5,
    units=("a.service", "b.service", "c.service", "t.timer"),
    verify=AnalyzeAnswer(BROKEN),
    messages=(
        UnitMessage("a.service", UNIT, 12, "MemoryMaxx=1G", "Unknown key 'MemoryMaxx'", Place("services/a.toml", 1)),
        UnitMessage("b.service", "", None, "", "Command | is not executable", Place("services/b.toml", 1)),
        UnitMessage("", "", None, "", "Something of nobody", None),
    ),
    calendar=AnalyzeAnswer(BROKEN),
    calendars=(
        CalendarCheck("t.timer", "hourly", "*-*-* *:00:00", HOLDS, "", Place("timers.toml", 4)),
        CalendarCheck("t.timer", "never", "", BROKEN, "Failed to parse", Place("timers.toml", 4)),
    ),
    security=AnalyzeAnswer(UNKNOWN, "systemd-analyze security exited with 1: no rating for c.service"),
    exposures=(
        Exposure("a.service", 3.2, "OK", HOLDS, OPEN[:1], Place("services/a.toml", 5)),
        Exposure("b.service", 8.3, "EXPOSED", HOLDS, OPEN, Place("services/b.toml", 1)),
        Exposure("c.service", None, "", UNKNOWN, (), Place("services/c.toml", 1)),
    ),
)


def test_the_whole_report() -> None:
    assert_golden("verify.json", to_json(build_report(VERIFIED)))
    assert_golden("verify.md", write_markdown(build_page(build_report(VERIFIED))))


def test_nothing_was_answered() -> None:
    why = AnalyzeAnswer(UNKNOWN, "systemd-analyze is not installed on this machine")
    found = replace(
        VERIFIED, systemd=None, verify=why, calendar=why, security=why, messages=(), calendars=(), exposures=()
    )
    report = build_report(found)
    assert report.outcome is UNKNOWN
    assert_golden("verify_unknown.md", write_markdown(build_page(report)))


@pytest.mark.parametrize(
    "change",
    [
        {"security": AnalyzeAnswer(UNKNOWN)},
        {"verify": AnalyzeAnswer(HOLDS, "because")},
        {"calendar": AnalyzeAnswer(HOLDS)},
        {"security": AnalyzeAnswer(HOLDS)},
    ],
    ids=str,
)
def test_a_report_that_does_not_add_up_is_none(change: dict[str, AnalyzeAnswer]) -> None:
    with pytest.raises(ValidationError):
        build_report(replace(VERIFIED, **change))  # type: ignore[arg-type]
