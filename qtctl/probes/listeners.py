"""Listening sockets and the units that own them (fact `listeners`), from `ss -H -lntu --cgroup`, without root."""

import re
from collections.abc import Iterable

from qtctl.dialects.lines import split_lines
from qtctl.model.evidence import Need
from qtctl.model.facts import Listeners
from qtctl.model.plausible import HIGHEST_PORT, is_socket_address, parse_whole, show_value
from qtctl.probes.answer import (
    COMMAND_NOT_FOUND,
    TIMED_OUT,
    Answer,
    answer_observed,
    answer_refused,
    answer_unparseable,
    decode_text,
    find_first_line,
)
from qtctl.probes.batch import Frame, Frames, Probe, make_command
from qtctl.probes.family import Family

ARGV = ("ss", "-H", "-lntu", "--cgroup")
AGAIN = "ss -H -lntu --cgroup | tr -s ' '"
"""Squeezed, because the width of ss's columns depends on all rows. The lines of the fact are squeezed too."""

WITHIN_S = 10
_OWNER = re.compile(r"[^/]+\.(?:service|scope|socket|mount|swap)")
_COLUMNS = 6
_OF_ONE_SOCKET = (b"Failed to open cgroup2 by ID", b"Invalid cgroup2 ID")
"""Printed for a socket whose control group is gone: its line has `cgroup:unreachable:`, and the others are intact."""


def probe(needs: Iterable[Need]) -> Probe:
    wanted = sorted(set(needs), key=lambda need: need.subject)
    return Probe((make_command(ARGV, AGAIN, within_s=WITHIN_S),), lambda frames: _parse(wanted, frames))


def find_unit(cgroup: str) -> str:
    """The system manager's unit that a control group belongs to, '' if it is none.

    `/system.slice/a.service`, `/system.slice/system-a.slice/a@1.service`, `/user.slice/user-0.slice/session-1.scope`;
    below a unit that delegates, its own subgroups follow. A name that the kernel could mistake has a `_` before it.
    """
    owner = next((part for part in cgroup.split("/") if _OWNER.fullmatch(part)), "")
    return owner.removeprefix("_")


def read_rows(stdout: str) -> dict[str, list[list[str]]]:
    """Protocol → rows [address, port, unit, line]. ValueError for a line that ss does not print."""
    found: dict[str, list[list[str]]] = {"tcp": [], "udp": []}
    for line in split_lines(stdout):
        words = [word for word in line.split(" ") if word]
        if not words:
            continue
        if len(words) < _COLUMNS or words[0] not in found or ":" not in words[4]:
            raise ValueError(f"not a line of ss: {' '.join(words)[:80]}")
        address, _, port = words[4].rpartition(":")
        if not is_socket_address(address):
            raise ValueError(f"{show_value(address)} is not an address of a socket")
        parse_whole(port, HIGHEST_PORT)
        group = next((word for word in words[_COLUMNS:] if word.startswith("cgroup:/")), "")
        found[words[0]].append([address, port, find_unit(group.removeprefix("cgroup:")), " ".join(words)])
    return {protocol: sorted(each) for protocol, each in found.items()}


def _parse(needs: list[Need], frames: Frames) -> list[Answer]:
    frame = frames[0]
    if frame is None:
        return [answer_unparseable(need, "the answer was cut off", again=AGAIN) for need in needs]
    why = _explain_refusal(frame)
    if why:
        return [answer_refused(need, why, again=AGAIN) for need in needs]
    try:
        found = read_rows(decode_text(frame.stdout))
    except ValueError as error:
        return [answer_unparseable(need, str(error), again=AGAIN) for need in needs]
    return [_answer(need, found) for need in needs]


def _answer(need: Need, found: dict[str, list[list[str]]]) -> Answer:
    mine = found.get(need.subject)
    if mine is None:
        return answer_refused(need, f"ss is asked for tcp and udp, not for {need.subject}", again=AGAIN)
    return answer_observed(need, Listeners(rows=mine), again=AGAIN, line=mine[0][3] if mine else "")


def _explain_refusal(frame: Frame) -> str:
    """Why the answer cannot be used, or ''. Not even an empty list is believed if ss complained."""
    if frame.exit == COMMAND_NOT_FOUND:
        return "ss is not installed (package iproute2)"
    if frame.exit in TIMED_OUT:
        return f"ss did not end in {WITHIN_S} s"
    if b"--cgroup'" in frame.stderr:
        return "ss is too old to name the owners of sockets (--cgroup needs iproute2 5.8)"
    complaints = [line for line in frame.stderr.split(b"\n") if line.strip() and line.strip() not in _OF_ONE_SOCKET]
    if frame.exit != 0 or complaints:
        return find_first_line(b"\n".join(complaints)) or f"ss ended with exit status {frame.exit}"
    return ""


FAMILY = Family((Listeners,), lambda needs, _: probe(needs))
