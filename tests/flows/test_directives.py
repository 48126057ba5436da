"""What a deploy changes on units that run is in force afterwards: a core of tests/flows/directives.py."""

import pytest

from qtctl.dialects.systemd.change_class import ChangeClass
from tests.flows.directives import change, list_changes
from tests.flows.ground import Ground

CORE = {
    ("Unit", "Description"), ("Service", "RestartSec"), ("Service", "UMask"), ("Service", "KillSignal"),
    ("Socket", "Backlog"), ("Socket", "MaxConnections"), ("Path", "PathChanged"), ("Timer", "OnCalendar"),
    ("Slice", "CPUWeight"), ("Mount", "Options"),
}  # fmt: skip


@pytest.mark.lab
def test_what_was_changed_on_a_running_unit_is_in_force(ground: Ground) -> None:
    """Nothing differs from the same unit after a stop and a start, and what needs no new start got none."""
    sections = dict.fromkeys(section for section, _ in CORE)
    chosen = [each for each in list_changes(sections) if (each.section, each.key) in CORE]
    classes = {each.needed for each in chosen}
    assert classes >= {
        ChangeClass.DAEMON_RELOAD, ChangeClass.UNIT_RELOAD, ChangeClass.RESTART, ChangeClass.RECREATE,
    }  # fmt: skip
    units = " ".join(each.unit for each in chosen)
    try:
        assert change(ground, chosen) == dict.fromkeys((each.unit for each in chosen), "")
    finally:
        ground.run(
            f"systemctl stop {units}; cd /etc/systemd/system && rm -f {units} changing-held.service; "
            "rm -f /etc/quantum/quantum*.env; systemctl daemon-reload; systemctl reset-failed"
        )
