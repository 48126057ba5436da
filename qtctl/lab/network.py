"""Link-local networks between this machine and its lab hosts: a veth pair and a /30 of 169.254.x.y each."""

import json
import zlib
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from qtctl.errors import LabError
from qtctl.lab import private
from qtctl.lab.shell import run
from qtctl.lab.state import label

FIRST, LAST = IPv4Address("169.254.16.0"), IPv4Address("169.254.111.252")
"""Away from 169.254.169.254, where clouds keep their metadata service."""
STEP = 4
SUBNETS = (int(LAST) - int(FIRST)) // STEP + 1
LOCK = Path("/run/qtctl-lab/network")
"""Of all labs on this machine. Not in /run/lock: every account may make, and hold, a lock there."""
INSIDE = "host0"


def device(name: str) -> str:
    """This machine's end. Not ve-NAME: systemd-networkd would take that for its own and start a DHCP server on it."""
    return f"qt-{label(name)}"


def _peer_name(name: str) -> str:
    return f"qp-{label(name)}"


def pick_subnet(name: str, taken: Iterable[IPv4Network]) -> IPv4Network:
    """A free /30 for `name`: the same each time, as long as no other host has it."""
    used = list(taken)
    start = zlib.crc32(label(name).encode())
    for offset in range(SUBNETS):
        candidate = IPv4Network((int(FIRST) + (start + offset) % SUBNETS * STEP, 30))
        if not any(candidate.overlaps(other) for other in used):
            return candidate
    raise LabError("no free link-local network is left", hint="qtctl lab down")


def create(name: str, wanted: str = "") -> tuple[str, str]:
    """Make the pair and address this machine's end: (gateway, address of the host). `wanted`: its address before."""
    with private.locked(LOCK):
        links = json.loads(run(["ip", "-json", "address", "show"]))
        if any(link.get("ifname") == device(name) for link in links):
            raise LabError(f"{device(name)} is there already: another lab has a host {name}", hint="choose other names")
        used = [
            IPv4Network((info["local"], info["prefixlen"]), strict=False)
            for link in links
            for info in link.get("addr_info", ())
            if info.get("family") == "inet"
        ]
        mine = IPv4Network((int(IPv4Address(wanted)) & ~3, 30)) if wanted else None
        if mine is None or any(mine.overlaps(other) for other in used):
            mine = pick_subnet(name, used)
        gateway, address = (str(host) for host in mine.hosts())
        commands = [
            f"link add {device(name)} type veth peer name {_peer_name(name)}",
            f"address add {gateway}/30 dev {device(name)}",
            f"link set {device(name)} up",
        ]
        run(["ip", "-batch", "-"], stdin="\n".join(commands).encode())
    return gateway, address


def hand_over(name: str, leader: int, address: str) -> None:
    """Move the other end into the host and give it its address."""
    run(["ip", "link", "set", _peer_name(name), "netns", str(leader), "name", INSIDE])
    inside = f"address add {address}/30 dev {INSIDE}\nlink set {INSIDE} up\nlink set lo up\n"
    run(["nsenter", "-t", str(leader), "-n", "ip", "-batch", "-"], stdin=inside.encode())


def remove(name: str) -> None:
    """Take the link away. It goes by itself too, a moment after the host's own network has ended."""
    if not exists(name):
        return
    try:
        run(["ip", "link", "delete", device(name)])
    except LabError:
        if exists(name):
            raise


def set_link(name: str, *, up: bool) -> None:
    """Pull or put back the cable, at this machine's end."""
    run(["ip", "link", "set", device(name), "up" if up else "down"])


def exists(name: str) -> bool:
    return Path("/sys/class/net", device(name)).exists()
