"""The host itself (fact `host`): names, versions, and how loaded it is, from /proc and /etc."""

import hashlib
import hmac
import re
import shlex

from qtctl.dialects.lines import split_lines
from qtctl.model.evidence import Need
from qtctl.model.facts import HostBaseline
from qtctl.model.plausible import LONGEST_LINE, MOST_CPUS, parse_whole, show_value
from qtctl.probes.answer import Answer, answer_observed, answer_unparseable, decode_text
from qtctl.probes.batch import ArgumentKind, Frames, Library, Probe
from qtctl.probes.family import Family

NEED = Need(HostBaseline.FACT, "host")
AGAIN = "cat /etc/os-release /proc/sys/kernel/hostname /proc/sys/kernel/osrelease /proc/loadavg; df -B1 /; free -b"
ARGV = ("cat", "/etc/os-release", "/etc/timezone", "/proc/loadavg", "/proc/meminfo", "/proc/sys/kernel/hostname",
        "/proc/sys/kernel/osrelease", "/proc/sys/kernel/random/boot_id", "/proc/uptime")  # fmt: skip
SCRIPTS = Library("host", ("host.sh",), {"show_host": ArgumentKind.NOTHING})
ZONES = "zoneinfo/"
LONGEST = 65536
"""Bytes of the answer that are read; a host's has 600."""
_MACHINE = re.compile(r"[0-9a-f]{32}")
_DECIMAL = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?")


def probe() -> Probe:
    return Probe((SCRIPTS.make_command([("show_host",)], ARGV, AGAIN),), lambda frames: [_parse(frames)])


def _parse(frames: Frames) -> Answer:
    frame = frames[0]
    if frame is None:
        return answer_unparseable(NEED, "the answer was cut off", again=AGAIN)
    said: dict[str, str] = {}
    for line in split_lines(decode_text(frame.stdout[:LONGEST])):
        key, _, figure = line.partition(" " if line.startswith("systemd ") else "=")
        said.setdefault(key, figure.strip())
    try:
        value = read(said)
    except (KeyError, ValueError, IndexError) as error:
        return answer_unparseable(NEED, f"the host's own figures could not be read: {error}", again=AGAIN)
    return answer_observed(NEED, value, again=AGAIN, line=value.hostname)


def read(said: dict[str, str]) -> HostBaseline:
    """KeyError, IndexError or ValueError if something is missing or not as the kernel writes it."""
    total, free = said["disk"].split()
    return HostBaseline(
        hostname=said["hostname"],
        os=" ".join(shlex.split(said["PRETTY_NAME"][:LONGEST_LINE])),
        kernel=said["kernel"],
        uptime_s=int(_parse_decimal(said["uptime"].split()[0])),
        load=[_parse_decimal(each) for each in said["load"].split()[:3]],
        cpus=_count_online(said["cpus"]),
        memory_total=parse_whole(said["MemTotal:"]) * 1024,
        memory_available=parse_whole(said["MemAvailable:"]) * 1024,
        disk_total=parse_whole(total),
        disk_free=parse_whole(free),
        systemd=said["systemd"],
        timezone=_find_zone(said),
        boot_id=said["boot_id"],
        machine=_digest_machine(said.get("machine", "")),
    )


def _count_online(cpus: str) -> int:
    """The kernel's list of processors: `0-3,8`."""
    ranges = [part.partition("-") for part in cpus.split(",")]
    return sum(parse_whole(last or first, MOST_CPUS) - parse_whole(first, MOST_CPUS) + 1 for first, _, last in ranges)


def _parse_decimal(text: str) -> float:
    """As the kernel prints it. float() would also accept `inf`, `nan` and `1_0`."""
    if not _DECIMAL.fullmatch(text):
        raise ValueError(f"{show_value(text)} is not a number")
    return float(text)


def _digest_machine(id_: str) -> str:
    """As sd_id128_get_machine_app_specific computes it: the id itself must not leave the host."""
    if not _MACHINE.fullmatch(id_):
        return ""
    return hmac.new(bytes.fromhex(id_), b"qtctl", hashlib.sha256).hexdigest()[:32]


def _find_zone(said: dict[str, str]) -> str:
    """localtime(5): without /etc/localtime it is UTC. '' if the file is a copy and nothing names its zone."""
    link = said.get("link", "")
    return link.partition(ZONES)[2] if ZONES in link else said.get("zone", "")


FAMILY = Family((HostBaseline,), lambda _, __: probe())
