"""What may name a host, an account, an address or a port on its way to ssh."""

import pytest

from qtctl.dialects.endpoints import is_account, is_address, is_host_name, is_ip_address, is_port

INJECTIONS = [
    *("", " ", "a b", "a\tb", "a\nb", "a\rb", "a\0b", "a\x0bb", "a\x0cb", "a\x1cb", "a\x85b", "a\u2028b", "a\u2029b"),
    *("-oProxyCommand=sh", "-l", "a/b", "../a", "..", ".", "~", "$HOME", "$(id)", "`id`", "a;id", "a|id", "a&id"),
    *("a'b", 'a"b', "a\\b", "a%b", "%h", "a,b", "{a}", "(a)", "<a", "a>", "a*", "a?", "[a", "a]", "a=b", "a#b", "!a"),
    *("a\x1b[2Jb", "a\u202eb", "\uff41", "а"),  # noqa: RUF001 - a Cyrillic letter
]
HOSTS = ["web-1", "a", "web_1.example.org", "example.org.", "quantumtrader-prod-1", "1web", "x" * 63]
NO_HOSTS = ["-web", "web-", "a..b", ".a", "x" * 64, ".".join(["x" * 60] * 5), "me@web", "web:22"]
ACCOUNTS = ["root", "qtaudit", "_apt", "systemd-network", "ops.team", "ops@example.org", "host$", "0day"]
NO_ACCOUNTS = ["-x", "0", "1000", ".a", "a.", "$a", "a$b", "x" * 300, "a:b"]
ADDRESSES = ["127.0.0.1", "203.0.113.10", "::1", "fe80::1%eth0", "::ffff:127.0.0.1", "web-1.example.org"]
NO_ADDRESSES = ["999.0.0.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "::1::", "1.2.3.4%eth0", "fe80::1%", "[::1]", "::1%a;b"]


@pytest.mark.parametrize("text", [*HOSTS, "ab"])
def test_host_names(text: str) -> None:
    assert is_host_name(text)
    assert is_address(text)


@pytest.mark.parametrize("text", [*INJECTIONS, *NO_HOSTS])
def test_no_host_names(text: str) -> None:
    assert not is_host_name(text)
    assert not is_address(text)


@pytest.mark.parametrize("text", ACCOUNTS)
def test_accounts(text: str) -> None:
    assert is_account(text)


@pytest.mark.parametrize("text", [*INJECTIONS, *NO_ACCOUNTS])
def test_no_accounts(text: str) -> None:
    assert not is_account(text)


@pytest.mark.parametrize("text", ADDRESSES)
def test_addresses(text: str) -> None:
    assert is_address(text)


@pytest.mark.parametrize("text", [*INJECTIONS, *NO_ADDRESSES])
def test_no_addresses(text: str) -> None:
    assert not is_address(text)
    assert not is_ip_address(text)


def test_ports() -> None:
    assert [port for port in (-1, 0, 1, 22, 65535, 65536) if is_port(port)] == [1, 22, 65535]
