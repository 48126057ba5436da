"""All unit files that systemd knows, and their states (fact `unit.files`): in what hosts of one group are compared."""

from collections.abc import Sequence

from qtctl.dialects.lines import split_lines
from qtctl.model.evidence import Need
from qtctl.model.setting_facts import UnitFiles
from qtctl.probes.answer import Answer, answer_observed, answer_refused, answer_unparseable, decode_text
from qtctl.probes.batch import ArgumentKind, Frame, Library, Probe
from qtctl.probes.family import Family

SCRIPTS = Library("listed_units", ("listed_units.sh",), {"list_unit_files": ArgumentKind.NOTHING})
TOOLS = ("awk", "head", "systemctl")
AGAIN = "systemctl list-unit-files --no-legend"
MOST = 10_000
"""Unit files that are read; a host has some hundred."""
_LONGEST = 512
"""Bytes of a line: a name has at most 255."""
_FIELDS = 3


def probe(needs: Sequence[Need]) -> Probe:
    argv = ("systemctl", "list-unit-files", "--no-legend")
    command = SCRIPTS.make_command([("list_unit_files",)], argv, AGAIN, TOOLS)
    return Probe((command,), lambda frames: [_answer(need, frames[0]) for need in dict.fromkeys(needs)])


def _answer(need: Need, frame: Frame | None) -> Answer:
    said = split_lines(decode_text(frame.stdout)) if frame else []
    if "E" not in said or len(said) > MOST:
        return answer_unparseable(need, "the answer was cut off", again=AGAIN)
    rows = [each.split(" ") for each in said if each.startswith("F ") and len(each) <= _LONGEST]
    if "V" in said or not rows:
        return answer_refused(need, "systemctl did not list the unit files", again=AGAIN)
    files = {row[1]: row[2] for row in rows if len(row) == _FIELDS}
    return answer_observed(need, UnitFiles(dict(sorted(files.items()))), again=AGAIN, line=str(len(files)))


FAMILY = Family((UnitFiles,), lambda needs, _: probe(needs), asks_systemd=True)
