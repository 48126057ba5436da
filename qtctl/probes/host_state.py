"""A host's clock, swap and pressure; accounts that share a uid; what was killed for memory, frozen, or not mounted.

Facts `host.state`, `accounts.shared`, `oom.kills`, `frozen.groups` and `boot.mounts`, from files that everybody may
read.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from qtctl.dialects.lines import split_lines
from qtctl.model.evidence import Need
from qtctl.model.host_facts import FrozenGroups, HostState, OomKills, SharedIds
from qtctl.model.mount_facts import BootMounts
from qtctl.model.plausible import U32, parse_whole, show_value
from qtctl.probes.answer import (
    COMMAND_NOT_FOUND,
    Answer,
    answer_absent,
    answer_not_installed,
    answer_observed,
    answer_unparseable,
    decode_text,
)
from qtctl.probes.batch import ArgumentKind, Frame, Frames, Library, Probe, find_missing_tool
from qtctl.probes.family import Family
from qtctl.probes.filesystems import unescape_path

AGAIN = "date; cat /proc/meminfo /proc/pressure/*"
SHARED = "getent passwd | cut -d: -f1,3 | sort -t: -n -k2 | uniq"
KILLS = "grep -rsE --include=memory.events --include=memory.oom_control '^oom_kill [1-9]' /sys/fs/cgroup"
FROZEN = "grep -rs --include=cgroup.events '^frozen 1' /sys/fs/cgroup"
MOUNTS = "grep -v '^#' /etc/fstab; findmnt --fstab --evaluate; findmnt"
LONGEST = 65536
NO_COUNTER = 3
"""Exit status if the kernel counts no kills by control group."""
_AVERAGE = re.compile(r"avg300=([0-9]{1,3}\.[0-9]{2})")
_SECOND = 1_000_000

TOOLS = {
    "list_shared_ids": ("awk", "cut", "sort"),
    "list_boot_mounts": ("awk",),
}
"""Programs without which a function would wrongly report that all is well."""
SCRIPTS = Library(
    "host_state",
    ("host_state.sh",),
    dict.fromkeys(
        (
            "show_host_state",
            "list_shared_ids",
            "list_oom_kills",
            "list_frozen_groups",
            "list_boot_mounts",
        ),
        ArgumentKind.NOTHING,
    ),
)


def _answer_state(need: Need, frame: Frame) -> Answer:
    said: dict[str, str] = {}
    pressure: dict[str, list[float]] = {}
    for line in split_lines(decode_text(frame.stdout[:LONGEST])):
        key, _, value = line.partition("=")
        if key == "pressure":
            _note(pressure, value)
        else:
            said.setdefault(key, value)
    seconds, _, fraction = said["clock"].partition(".")
    exact = fraction.isdigit()
    state = HostState(
        clock_us=parse_whole(seconds, U32 * 100) * _SECOND + (int(fraction[:6].ljust(6, "0")) if exact else 0),
        earliest_us=round(frame.earliest * _SECOND) - (0 if exact else _SECOND),
        latest_us=round(frame.latest * _SECOND),
        swap_total=parse_whole(said["SwapTotal:"]) * 1024,
        swap_free=parse_whole(said["SwapFree:"]) * 1024,
        pressure=pressure,
        container=said.get("container", ""),
        shutdown=said.get("shutdown MODE", ""),
        shutdown_at_us=parse_whole(said.get("shutdown USEC", "0")),
    )
    return answer_observed(need, state, again=AGAIN, line=said["clock"])


def _note(pressure: dict[str, list[float]], words: str) -> None:
    """`memory some avg10=… avg60=… avg300=1.23 …`. Older kernels have no `full` for processors."""
    resource, _, rest = words.partition(" ")
    average = _AVERAGE.search(rest)
    if average is not None:
        pressure[resource] = [*pressure.get(resource, []), float(average[1])]


def _answer_shared(need: Need, frame: Frame) -> Answer:
    if frame.exit == COMMAND_NOT_FOUND:
        return answer_not_installed(need, "getent", again=SHARED)
    rows = [line.split() for line in split_lines(decode_text(frame.stdout[:LONGEST])) if line]
    names = {str(parse_whole(uid, U32)): sorted(found) for uid, *found in rows}
    return answer_observed(need, SharedIds(names), again=SHARED)


def _answer_kills(need: Need, frame: Frame) -> Answer:
    if frame.exit == NO_COUNTER:
        return answer_absent(need, "the host does not count kills by control group", again=KILLS)
    kills = {}
    for line in split_lines(decode_text(frame.stdout)):
        path, _, count = line.partition(":oom_kill ")
        if not path.startswith("/sys/fs/cgroup/"):
            raise ValueError(f"{show_value(line)} is not a counter of a control group")
        kills[path] = parse_whole(count)
    return answer_observed(need, OomKills(kills), again=KILLS)


def _answer_frozen(need: Need, frame: Frame) -> Answer:
    if frame.exit == NO_COUNTER:
        return answer_absent(need, "the host cannot freeze control groups", again=FROZEN)
    files = [line.removesuffix(":frozen 1") for line in split_lines(decode_text(frame.stdout))]
    if any(not file.startswith("/sys/fs/cgroup/") for file in files):
        raise ValueError("not the file of a control group")
    return answer_observed(need, FrozenGroups(files), again=FROZEN)


def _answer_mounts(need: Need, frame: Frame) -> Answer:
    if frame.exit == NO_COUNTER:
        return answer_absent(need, "the host has no fstab that can be read", again=MOUNTS)
    said = list(split_lines(decode_text(frame.stdout[:LONGEST])))
    if any(not line.startswith("B /") for line in said):
        raise ValueError("not the path of a mount")
    return answer_observed(need, BootMounts([unescape_path(line[2:]) for line in said]), again=MOUNTS)


_Read = Callable[[Need, Frame], Answer]
_ASKED: dict[str, tuple[str, tuple[str, ...], str, _Read]] = {
    HostState.FACT: ("show_host_state", ("date", "/proc/meminfo", "/proc/pressure"), AGAIN, _answer_state),
    SharedIds.FACT: ("list_shared_ids", ("getent", "passwd"), SHARED, _answer_shared),
    OomKills.FACT: ("list_oom_kills", ("grep", "oom_kill", "/sys/fs/cgroup"), KILLS, _answer_kills),
    FrozenGroups.FACT: ("list_frozen_groups", ("grep", "frozen", "/sys/fs/cgroup"), FROZEN, _answer_frozen),
    BootMounts.FACT: ("list_boot_mounts", ("awk", "/proc/self/mountinfo", "/etc/fstab"), MOUNTS, _answer_mounts),
}
"""Fact → function of host_state.sh, the question as evidence shows it, what a person runs, and the parser."""


def probe(needs: Sequence[Need]) -> Probe:
    wanted = sorted({need.fact: need for need in needs}.values(), key=lambda need: list(_ASKED).index(need.fact))
    commands = tuple(
        SCRIPTS.make_command([(function,)], argv, again, TOOLS.get(function, ()))
        for function, argv, again, _ in (_ASKED[need.fact] for need in wanted)
    )

    def parse(frames: Frames) -> list[Answer]:
        return [_answer(need, frame, at) for at, (need, frame) in enumerate(zip(wanted, frames, strict=True))]

    return Probe(commands, parse)


def _answer(need: Need, frame: Frame | None, question: int) -> Answer:
    *_, again, read = _ASKED[need.fact]
    if frame is None:
        return answer_unparseable(need, "the answer was cut off", again=again, question=question)
    if tool := find_missing_tool(frame):
        return answer_not_installed(need, tool, again=again, question=question)
    try:
        answer = read(need, frame)
    except (KeyError, ValueError) as error:
        return answer_unparseable(need, f"the host's answer could not be read: {error}", again=again, question=question)
    return replace(answer, again=again, question=question)


FAMILY = Family((HostState, SharedIds, OomKills, FrozenGroups, BootMounts), lambda needs, _: probe(needs))
