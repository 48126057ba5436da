"""Where processes of services work, and what they run (fact `processes.places`): /proc tells only root."""

import re
from collections.abc import Sequence

from qtctl.dialects.shell import quote
from qtctl.model.evidence import Need
from qtctl.model.plausible import LONGEST_LINE
from qtctl.model.process_facts import ProcessPlaces
from qtctl.probes.answer import Answer, answer_absent, answer_observed, answer_unparseable, decode_text, divide_needs
from qtctl.probes.batch import ArgumentKind, Frames, Library, Probe
from qtctl.probes.family import Family
from qtctl.probes.processes import MOST, NOBODY, read_members
from qtctl.probes.units import explain_odd_name

TOOLS = ("awk", "find", "grep")
_LINK = re.compile(r"/proc/([0-9]{1,10})/(cwd|exe) (.*)", re.DOTALL)

SCRIPTS = Library("places", ("processes.sh",), {"show_places": ArgumentKind.UNITS})


def probe(needs: Sequence[Need]) -> Probe:
    """One command for all services."""
    asked, odd = divide_needs(needs, lambda need: explain_odd_name(need.subject))
    if not asked:
        return Probe((), lambda _: odd)
    units = [need.subject for need in asked]
    command = SCRIPTS.make_command(
        [("show_places", *units)], ("places", *units), "sudo readlink /proc/PID/cwd /proc/PID/exe", TOOLS
    )
    return Probe((command,), lambda frames: odd + _parse(asked, frames))


def make_again(unit: str) -> str:
    return f"sudo readlink /proc/$(systemctl show -p MainPID --value {quote(unit)})/cwd"


def _parse(needs: Sequence[Need], frames: Frames) -> list[Answer]:
    frame = frames[0]
    if frame is None:
        return [answer_unparseable(need, "the answer was cut off", again=make_again(need.subject)) for need in needs]
    said = decode_text(frame.stdout)
    begin = said.find("/proc/") if "/proc/" in said else len(said)
    places: dict[str, dict[str, str]] = {}
    for row in said[begin:].split("\0"):
        read = _LINK.fullmatch(row)
        if read is not None:
            places.setdefault(read[1], {})[read[2]] = read[3][:LONGEST_LINE]
    units = read_members(said[:begin].split("\n"))
    return [_answer(need, units.get(need.subject, []), places) for need in needs]


def _answer(need: Need, pids: Sequence[str], places: dict[str, dict[str, str]]) -> Answer:
    there = [pid for pid in sorted(pids, key=int) if pid in places][:MOST]
    if not there:
        return answer_absent(need, NOBODY, again=make_again(need.subject))
    rows = {pid: [places[pid].get("cwd", ""), places[pid].get("exe", "")] for pid in there}
    return answer_observed(need, ProcessPlaces(rows), again=make_again(need.subject))


FAMILY = Family((ProcessPlaces,), lambda needs, _: probe(needs))
