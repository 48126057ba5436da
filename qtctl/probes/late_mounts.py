"""What was mounted after the boot and will not be there after the next one (fact `mounts.late`)."""

from collections.abc import Sequence

from qtctl.dialects.lines import split_lines
from qtctl.model.evidence import Need
from qtctl.model.mount_facts import LateMounts
from qtctl.probes.answer import (
    Answer,
    answer_not_installed,
    answer_observed,
    answer_refused,
    answer_unparseable,
    decode_text,
)
from qtctl.probes.batch import ArgumentKind, Frame, Library, Probe, find_missing_tool
from qtctl.probes.family import Family

AGAIN = "systemctl list-units --type=mount; cat /etc/fstab"
LONGEST = 65536
TOOLS = ("awk", "systemctl")
"""Without them the function would wrongly report that all is well."""
_COLUMNS = 4

SCRIPTS = Library("late_mounts", ("late_mounts.sh",), {"list_late_mounts": ArgumentKind.NOTHING})


def probe(needs: Sequence[Need]) -> Probe:
    command = SCRIPTS.make_command([("list_late_mounts",)], ("systemctl", "show", "*.mount"), AGAIN, TOOLS)
    return Probe((command,), lambda frames: [_answer(need, frames[0]) for need in dict.fromkeys(needs)])


def _answer(need: Need, frame: Frame | None) -> Answer:
    if frame is None:
        return answer_unparseable(need, "the answer was cut off", again=AGAIN)
    if tool := find_missing_tool(frame):
        return answer_not_installed(need, tool, again=AGAIN)
    if frame.exit:
        return answer_refused(need, "systemctl did not list the mounts", again=AGAIN)
    rows = [line.removeprefix("M\t").split("\t") for line in split_lines(decode_text(frame.stdout[:LONGEST])) if line]
    if any(len(row) != _COLUMNS or not row[1].startswith("/") for row in rows):
        return answer_unparseable(need, "the host's answer could not be read: not a mount", again=AGAIN)
    return answer_observed(need, LateMounts({unit: rest for unit, *rest in rows}), again=AGAIN)


FAMILY = Family((LateMounts,), lambda needs, _: probe(needs), asks_systemd=True)
