"""Listeners: real lines of ss, and the ways in which it does not answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtctl.model.evidence import Need, State
from qtctl.model.facts import Listeners
from qtctl.probes.listeners import find_unit, probe, read_rows
from tests.probes.host import frame

ANY = ".".join("0000")

# ss of iproute2 6.1 on a systemd 252 host.
RECORDED = r"""udp UNCONN 0      0      127.0.0.53%lo:53  0.0.0.0:* cgroup:/system.slice/systemd-resolved.service
tcp LISTEN 0      5      127.0.0.1:9100 0.0.0.0:* cgroup:/system.slice/quantum-b.service                            
tcp LISTEN 0      5      127.0.0.1:9001 0.0.0.0:* cgroup:/system.slice/system-quantum\x2da.slice/quantum-a@1.service
tcp LISTEN 0      128      0.0.0.0:22   0.0.0.0:* cgroup:/system.slice/ssh.service                                  
tcp LISTEN 0      511        [::1]:6379    [::]:* cgroup:/system.slice/redis-server.service                         
tcp LISTEN 0      128            *:8080       *:* cgroup:unreachable:1a2b
tcp LISTEN 0      128    0.0.0.0:2024 0.0.0.0:* cgroup:/ 
tcp LISTEN 0      128    0.0.0.0:2025 0.0.0.0:*
"""  # noqa: W291


def test_recorded() -> None:
    found = read_rows(RECORDED)
    assert [row[:3] for row in found["tcp"]] == [
        ["*", "8080", ""],
        [ANY, "2024", ""],
        [ANY, "2025", ""],
        [ANY, "22", "ssh.service"],
        ["127.0.0.1", "9001", "quantum-a@1.service"],
        ["127.0.0.1", "9100", "quantum-b.service"],
        ["[::1]", "6379", "redis-server.service"],
    ]
    assert found["udp"][0][:3] == ["127.0.0.53%lo", "53", "systemd-resolved.service"]
    assert found["tcp"][3][3] == "tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:* cgroup:/system.slice/ssh.service"


@pytest.mark.parametrize(
    ("cgroup", "unit"),
    [
        ("/system.slice/a.service", "a.service"),
        ("/system.slice/a.service/supervised/b.service", "a.service"),
        ("/a.slice/a-b.slice/a-b-c.slice/x@1.service", "x@1.service"),
        ("/user.slice/user-1000.slice/session-3.scope", "session-3.scope"),
        ("/user.slice/user-1000.slice/user@1000.service/app.slice/mine.service", "user@1000.service"),
        ("/system.slice/docker-0af3.scope", "docker-0af3.scope"),
        ("/docker/0af3", ""),
        ("/init.scope", "init.scope"),
        ("/system.slice/_cpu.service", "cpu.service"),
        ("/system.slice", ""),
        ("/", ""),
        ("", ""),
    ],
)
def test_unit_of_a_control_group(cgroup: str, unit: str) -> None:
    assert find_unit(cgroup) == unit


USAGE = b"ss: unrecognized option '--cgroup'\nUsage: ss [ OPTIONS ]\n"


@pytest.mark.parametrize(
    ("answer", "state", "reason"),
    [
        (frame(RECORDED.encode()), State.OBSERVED, None),
        (frame(b""), State.OBSERVED, None),
        (None, State.UNPARSEABLE, "cut off"),
        (frame(b"", b"sh: 1: ss: not found\n", 127), State.REFUSED, "not installed"),
        (frame(b"", USAGE, 255), State.REFUSED, "too old"),
        (frame(b"", b"Cannot open netlink socket: Permission denied\n", 0), State.REFUSED, "netlink"),
        (frame(RECORDED.encode(), b"", 1), State.REFUSED, "exit status 1"),
        (frame(b"tcp LISTEN 0\n"), State.UNPARSEABLE, "not a line"),
        (frame(b"\xff\xfe\n"), State.UNPARSEABLE, "not a line"),
    ],
)
def test_answers(answer: object, state: State, reason: str | None) -> None:
    needs = [Need("listeners", "tcp"), Need("listeners", "udp")]
    found = probe(needs).parse([answer])  # type: ignore[list-item]
    assert [each.need for each in found] == needs
    assert {each.state for each in found} == {state}
    assert all(reason is None or reason in (each.reason or "") for each in found)


PORTS = st.integers(1, 65535)
ADDRESSES = st.sampled_from(["127.0.0.1", ANY, "[::1]", "[::]", "*", "127.0.0.53%lo", "[fe80::1]%eth0"])


@given(st.lists(st.tuples(st.sampled_from(["tcp", "udp"]), ADDRESSES, PORTS, st.integers(1, 9))))
def test_every_socket_has_its_row(sockets: list[tuple[str, str, int, int]]) -> None:
    lines = [
        f"{net} LISTEN 0 5{' ' * pad}{at}:{port} 0.0.0.0:* cgroup:/system.slice/a.service{' ' * pad}"
        for net, at, port, pad in sockets
    ]
    found = read_rows("\n".join(lines))
    for protocol in ("tcp", "udp"):
        expected = sorted((at, str(port)) for net, at, port, _ in sockets if net == protocol)
        assert sorted((row[0], row[1]) for row in found[protocol]) == expected
        assert all(row[2] == "a.service" for row in found[protocol])


@given(st.text())
def test_any_text_is_rows_or_a_value_error(text: str) -> None:
    try:
        found = read_rows(text)
    except ValueError:
        return
    assert all(len(row) == 4 for each in found.values() for row in each)


def test_other_protocols_are_refused() -> None:
    (answer,) = probe([Need("listeners", "sctp")]).parse([frame(b"")])
    assert answer.state is State.REFUSED
    assert not isinstance(answer.value, Listeners)


def test_a_socket_whose_control_group_is_gone_costs_no_other() -> None:
    """What ss says of it on standard error, once for each."""
    need = Need("listeners", "tcp")
    gone = b"Failed to open cgroup2 by ID\n" * 2
    (answer,) = probe([need]).parse([frame(RECORDED.encode(), gone)])
    assert answer.state is State.OBSERVED
    (answer,) = probe([need]).parse([frame(RECORDED.encode(), gone + b"Cannot open netlink socket\n")])
    assert (answer.state, answer.reason) == (State.REFUSED, "Cannot open netlink socket")
