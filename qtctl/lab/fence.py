"""The packet filter of a lab host: it may answer connections that this machine opens, and send nothing else.

A tc filter at this machine's end of the host's link, in classic BPF, which iproute2 can load. It is stateless: it drops
SYN packets from the host, so only connections opened from here can exist.
"""

from ipaddress import IPv4Address

from qtctl.errors import LabError
from qtctl.lab.shell import run

LOAD_BYTE, LOAD_HALF, LOAD_WORD, IF_EQUAL, IF_ANY_BIT, AND, RETURN = 0x30, 0x28, 0x20, 0x15, 0x45, 0x54, 0x06
PASS, DROP = 0, 2  # TC_ACT_OK, TC_ACT_SHOT
ETHERTYPE, ARP_SENDER, ARP_TARGET = 12, 28, 38
IP_START, IP_FRAGMENT, IP_PROTOCOL, IP_SOURCE, IP_TARGET, TCP_FLAGS = 14, 20, 23, 26, 30, 47
"""Offsets in an Ethernet frame; those of TCP behind an IPv4 header without options."""
IPV4, ARP, PLAIN_HEADER, TCP = 0x0800, 0x0806, 0x45, 6
NOT_WHOLE = 0xBFFF
"""The bits that mark a fragment: all but don't-fragment."""
SYN, SYN_OR_ACK = 0x02, 0x12

Step = tuple[int, int] | tuple[int, int, str, str] | str
"""(code, value), (code, value, label if so, label if not), or a label for what follows."""


def make_program(gateway: str, address: str) -> str:
    """The filter for a host at `address` whose link ends here at `gateway`, as tc takes it: `COUNT,CODE JT JF K,…`."""
    here, there = int(IPv4Address(gateway)), int(IPv4Address(address))
    steps: tuple[Step, ...] = (
        (LOAD_HALF, ETHERTYPE), (IF_EQUAL, IPV4, "ipv4", "arp?"),
        "arp?", (IF_EQUAL, ARP, "arp", "drop"),
        "arp", (LOAD_WORD, ARP_SENDER), (IF_EQUAL, there, "asks", "drop"),
        "asks", (LOAD_WORD, ARP_TARGET), (IF_EQUAL, here, "pass", "drop"),
        "ipv4", (LOAD_BYTE, IP_START), (IF_EQUAL, PLAIN_HEADER, "plain", "drop"),
        "plain", (LOAD_HALF, IP_FRAGMENT), (IF_ANY_BIT, NOT_WHOLE, "drop", "whole"),
        "whole", (LOAD_BYTE, IP_PROTOCOL), (IF_EQUAL, TCP, "tcp", "drop"),
        "tcp", (LOAD_WORD, IP_SOURCE), (IF_EQUAL, there, "own", "drop"),
        "own", (LOAD_WORD, IP_TARGET), (IF_EQUAL, here, "to us", "drop"),
        "to us", (LOAD_BYTE, TCP_FLAGS), (AND, SYN_OR_ACK), (IF_EQUAL, SYN, "drop", "pass"),
        "pass", (RETURN, PASS),
        "drop", (RETURN, DROP),
    )  # fmt: skip
    return _assemble(steps)


def _assemble(steps: tuple[Step, ...]) -> str:
    labels: dict[str, int] = {}
    code: list[tuple[int, int] | tuple[int, int, str, str]] = []
    for step in steps:
        if isinstance(step, str):
            labels[step] = len(code)
        else:
            code.append(step)
    lines = []
    for at, (op, value, *ways) in enumerate(code):
        jumps = [labels[str(way)] - at - 1 for way in ways] or [0, 0]
        lines.append(f"{op} {jumps[0]} {jumps[1]} {value}")
    return ",".join([str(len(lines)), *lines])


def load_filter(device: str, gateway: str, address: str) -> str:
    """Filter what comes in from `device`. Returns '', or why this machine cannot filter it."""
    commands = (
        f"qdisc add dev {device} clsact\n"
        f"filter add dev {device} ingress bpf direct-action bytecode '{make_program(gateway, address)}'\n"
    )
    try:
        run(["tc", "-batch", "-"], stdin=commands.encode())
    except LabError as error:
        return error.what
    return ""
