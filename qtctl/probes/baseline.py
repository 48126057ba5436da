"""The host itself (fact `host`): names, versions, and how loaded it is, from /proc and /etc."""

import shlex

from qtctl.model.evidence import Need
from qtctl.model.facts import HostBaseline
from qtctl.probes.answer import Answer, observed, text, unparseable
from qtctl.probes.batch import Command, Frames, Probe

NEED = Need(HostBaseline.FACT, "host")
AGAIN = "cat /etc/os-release /proc/sys/kernel/hostname /proc/sys/kernel/osrelease /proc/loadavg; df -B1 /; free -b"
ARGV = ("cat", "/etc/os-release", "/etc/timezone", "/proc/loadavg", "/proc/meminfo", "/proc/sys/kernel/hostname",
        "/proc/sys/kernel/osrelease", "/proc/sys/kernel/random/boot_id", "/proc/uptime")  # fmt: skip
ZONES = "zoneinfo/"

_SCRIPT = """say() { IFS= read -r line <"$2" && printf '%s=%s\\n' "$1" "$line"; }
say hostname /proc/sys/kernel/hostname
say kernel /proc/sys/kernel/osrelease
say uptime /proc/uptime
say load /proc/loadavg
say boot_id /proc/sys/kernel/random/boot_id
[ ! -r /etc/timezone ] || say zone /etc/timezone
[ -e /etc/localtime ] || echo link=zoneinfo/UTC
printf 'link=%s\\n' "$(readlink /etc/localtime)"
printf 'os=%s\\n' "$(sed -n 's/^PRETTY_NAME=//p' /etc/os-release)"
printf 'memory=%s\\n' "$(sed -n -E 's/^Mem(Total|Available): +([0-9]+) kB$/\\1 \\2/p' /proc/meminfo | tr '\\n' ' ')"
printf 'cpus=%s\\n' "$(getconf _NPROCESSORS_ONLN)"
printf 'disk=%s\\n' "$(df -B1 --output=size,avail / | tail -n 1)"
printf 'systemd=%s\\n' "$(systemctl --version | head -n 1)"
"""


def probe() -> Probe:
    return Probe((Command(_SCRIPT, ARGV, AGAIN),), lambda frames: [_parse(frames)])


def _parse(frames: Frames) -> Answer:
    frame = frames[0]
    if frame is None:
        return unparseable(NEED, "the answer was cut off", again=AGAIN)
    said: dict[str, str] = {}
    for line in text(frame.stdout).splitlines():
        key, _, figure = line.partition("=")
        said.setdefault(key, figure.strip())
    try:
        value = read(said)
    except (KeyError, ValueError, IndexError) as error:
        return unparseable(NEED, f"the host's own figures could not be read: {error}", again=AGAIN)
    return observed(NEED, value, again=AGAIN, line=value.hostname)


def read(said: dict[str, str]) -> HostBaseline:
    """KeyError, IndexError or ValueError where something is missing or is not what the kernel writes."""
    memory = dict(zip(*[iter(said["memory"].split())] * 2, strict=True))
    total, free = said["disk"].split()
    return HostBaseline(
        hostname=said["hostname"],
        os=" ".join(shlex.split(said["os"])),
        kernel=said["kernel"],
        uptime_s=int(float(said["uptime"].split()[0])),
        load=[float(each) for each in said["load"].split()[:3]],
        cpus=int(said["cpus"]),
        memory_total=int(memory["Total"]) * 1024,
        memory_available=int(memory["Available"]) * 1024,
        disk_total=int(total),
        disk_free=int(free),
        systemd=said["systemd"].removeprefix("systemd "),
        timezone=_zone(said),
        boot_id=said["boot_id"],
    )


def _zone(said: dict[str, str]) -> str:
    """localtime(5): without /etc/localtime it is UTC. '' where the file is a copy and nothing names its zone."""
    link = said.get("link", "")
    return link.partition(ZONES)[2] if ZONES in link else said.get("zone", "")
