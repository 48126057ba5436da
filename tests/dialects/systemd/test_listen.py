"""What a ListenStream= or ListenDatagram= means as a port, in ss's words."""

import pytest

from qtctl.dialects.systemd.listen import find_heard

CASES: dict[tuple[str, str], tuple[str, str, int] | None] = {
    ("ListenStream", "8080"): ("tcp", "*", 8080),
    ("ListenStream", "127.0.0.1:80"): ("tcp", "127.0.0.1", 80),
    ("ListenStream", "0.0.0.0:80"): ("tcp", "0.0.0.0", 80),  # noqa: S104 - compared with, not bound
    ("ListenStream", "[::]:80"): ("tcp", "*", 80),
    ("ListenStream", "[::1]:80"): ("tcp", "[::1]", 80),
    ("ListenStream", "[fe80::1]%eth0:80"): ("tcp", "[fe80::1]%eth0", 80),
    ("ListenDatagram", "53"): ("udp", "*", 53),
    ("ListenSequentialPacket", "/run/x"): None,
    ("ListenStream", "/run/x.sock"): None,
    ("ListenStream", "@abstract"): None,
    ("ListenStream", "vsock:2:1234"): None,
    ("ListenStream", "0"): None,
    ("ListenStream", "70000"): None,
    ("ListenStream", "127.0.0.1:%i"): None,
    ("ListenStream", "127.0.0.999:80"): None,
    ("ListenStream", "[:::]:80"): None,
}


@pytest.mark.parametrize(("given", "found"), CASES.items(), ids=str)
def test_an_address(given: tuple[str, str], found: tuple[str, str, int] | None) -> None:
    assert find_heard(*given, ipv6_only=False) == found


def test_ipv6_only_does_not_hear_ipv4() -> None:
    assert find_heard("ListenStream", "80", ipv6_only=True) == ("tcp", "[::]", 80)
    assert find_heard("ListenStream", "127.0.0.1:80", ipv6_only=True) == ("tcp", "127.0.0.1", 80)
