"""Link-local networks between this machine and its lab hosts: one veth pair and one /30 of 169.254.x.y per host."""

import json
import zlib
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from qtctl.errors import LabError
from qtctl.lab import private
from qtctl.lab.shell import run
from qtctl.lab.state import make_label

FIRST, LAST = IPv4Address("169.254.16.0"), IPv4Address("169.254.111.252")
"""Without 169.254.169.254, the address of cloud metadata services."""
STEP = 4
SUBNETS = (int(LAST) - int(FIRST)) // STEP + 1
LOCK = Path("/run/qtctl-lab/network")
"""Shared by all labs on this machine. Not in /run/lock, where any account could create and hold it."""
INSIDE = "host0"


def name_device(name: str) -> str:
    """This machine's end of the link. Not ve-NAME: systemd-networkd would manage that and start a DHCP server on it."""
    return f"qt-{make_label(name)}"


def _name_peer(name: str) -> str:
    return f"qp-{make_label(name)}"


def pick_subnet(name: str, taken: Iterable[IPv4Network]) -> IPv4Network:
    """A free /30 for `name`: always the same one unless it is taken."""
    used = list(taken)
    start = zlib.crc32(make_label(name).encode())
    for offset in range(SUBNETS):
        candidate = IPv4Network((int(FIRST) + (start + offset) % SUBNETS * STEP, 30))
        if not any(candidate.overlaps(other) for other in used):
            return candidate
    raise LabError("no free link-local network is left", hint="qtctl lab down")


def create(name: str, wanted: str = "") -> tuple[str, str]:
    """Create the veth pair and address our end; returns (gateway, host address). `wanted`: its previous address."""
    with private.hold_lock(LOCK):
        links = json.loads(run(["ip", "-json", "address", "show"]))
        if any(link.get("ifname") == name_device(name) for link in links):
            raise LabError(
                f"{name_device(name)} already exists: another lab has a host {name}", hint="choose other names"
            )
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
            f"link add {name_device(name)} type veth peer name {_name_peer(name)}",
            f"address add {gateway}/30 dev {name_device(name)}",
            f"link set {name_device(name)} up",
        ]
        run(["ip", "-batch", "-"], stdin="\n".join(commands).encode())
    return gateway, address


def hand_over(name: str, leader: int, address: str) -> None:
    """Move the other end into the host and set its address."""
    run(["ip", "link", "set", _name_peer(name), "netns", str(leader), "name", INSIDE])
    inside = f"address add {address}/30 dev {INSIDE}\nlink set {INSIDE} up\nlink set lo up\n"
    run(["nsenter", "-t", str(leader), "-n", "ip", "-batch", "-"], stdin=inside.encode())


def remove(name: str) -> None:
    """Remove the link, which may also disappear by itself once the host's network namespace is gone."""
    if not exists(name):
        return
    try:
        run(["ip", "link", "delete", name_device(name)])
    except LabError:
        if exists(name):
            raise


def set_link(name: str, *, up: bool) -> None:
    """Set the link up or down, at this machine's end."""
    run(["ip", "link", "set", name_device(name), "up" if up else "down"])


def exists(name: str) -> bool:
    return Path("/sys/class/net", name_device(name)).exists()
