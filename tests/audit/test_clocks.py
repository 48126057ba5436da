"""An auditor whose clock is wrong finds that, and nothing else: ages are judged by the clock that stamped them."""

import pytest

from qtctl.audit.judge import judge
from qtctl.findings.finding import Outcome
from tests.builders.audited import NOW_US, desired, evidence

DAY_US = 86_400_000_000


@pytest.mark.parametrize(("taken_at", "days"), [("2026-01-18T07:25:00.000Z", 1), ("2026-01-16T07:25:00.000Z", -1)])
def test_an_auditor_a_day_off(taken_at: str, days: int) -> None:
    seen = NOW_US + days * DAY_US
    clocks = {"host.state host": {"clock_us": NOW_US, "earliest_us": seen - 1000, "latest_us": seen + 1000}}
    want = desired()
    checks = judge(want, evidence(want, clocks, taken_at=taken_at))
    broken = {(check.id, check.subject) for check in checks if check.outcome is not Outcome.HOLDS}
    assert broken == {("QT709", "host")}
