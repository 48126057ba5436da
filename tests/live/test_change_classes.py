"""What puts a changed directive in force on a running unit: a core of tests/live/change_classes.py."""

import pytest

from tests.live.box import Box
from tests.live.change_classes import cases, run

CORE = {
    ("Service", "RestartSec"), ("Service", "ManagedOOMPreference"), ("Service", "LogRateLimitBurst"),
    ("Service", "UMask"), ("Timer", "AccuracySec"), ("Mount", "Options"),
}  # fmt: skip


@pytest.mark.lab
def test_what_the_class_asks_for_is_enough_and_needed(box: Box) -> None:
    """As the unit is then, so it is when it was stopped and started."""
    chosen = [case for case in cases(("Service", "Timer", "Mount"), 252) if case[:2] in CORE]
    assert run(box, chosen) == dict.fromkeys(CORE, "")
    # And the other way round: with less than its class asks for, the old value stays in force.
    less = [(*case[:4], "daemon-reload") for case in chosen if case[:2] == ("Service", "UMask")]
    assert "Umask:" in run(box, less)["Service", "UMask"]
