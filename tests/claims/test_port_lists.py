"""Ports in one table or list: which have two owners, and which only seem to."""

import pytest

from qtctl.claims.port_cells import Bound, read_ports
from tests.claims.judging import broken

CELLS = {
    "8096": (Bound(8096, 8096),),
    "53/udp": (Bound(53, 53, "udp"),),
    "53/tcp+udp": (Bound(53, 53),),
    "80, 443": (Bound(80, 80), Bound(443, 443)),
    "80 & 443/tcp": (Bound(80, 80), Bound(443, 443, "tcp")),
    "10000-20000": (Bound(10000, 20000),),
    "127.0.0.1:8080": (Bound(8080, 8080, "", "127.0.0.1"),),
    "0.0.0.0:80->8080/tcp": (Bound(80, 80, "tcp", "", mapped=True),),
    "8989:8686": (Bound(8989, 8989, mapped=True),),
    "8080 (localhost)": (Bound(8080, 8080, "", "127.0.0.1"),),
    "[::1]:9000": (Bound(9000, 9000, "", "::1"),),
    "80:30080/TCP": (), "8000+": (), "~8000": (), "port 80": (), "1.2.3": (), "99999": (), "": (), "20-10": (),
}  # fmt: skip
PORTS = "## Ports\n\n| Port | Service |\n|---|---|\n| 22 | sshd |\n| {} |\n| {} |\n"
SERVICES = "## Services\n\n| Service | Port |\n|---|---|\n| sshd | 22 |\n| {} |\n| {} |\n"
LIST = "Ports:\n\n- 22: sshd\n- {}\n- {}\n"
HOSTS = "| Host | Port | Service |\n|---|---|---|\n| a | 22 | sshd |\n| {} |\n| {} |\n"
PROTOCOLS = "| Port | Proto | Service |\n|---|---|---|\n| 22 | tcp | sshd |\n| {} |\n| {} |\n"
ADDRESSES = "| Port | Address | Service |\n|---|---|---|\n| 22 | | sshd |\n| {} |\n| {} |\n"
OUTSIDE = "| App | External port | Internal port |\n|---|---|---|\n| a | 1111 | 80 |\n| {} |\n| {} |\n"
URLS = "| App | Port | URL |\n|---|---|---|\n| a | 1111 | x |\n| {} |\n| {} |\n"
USUAL = "## Default ports\n\n| Application | Port |\n|---|---|\n| a | 1111 |\n| {} |\n| {} |\n"
WRONG = [
    (PORTS, "8096 | jellyfin", "8096 | emby"),
    (PORTS, "8096 | `jellyfin.service`", "8096/tcp | **emby**"),
    (PORTS, "80, 443 | nginx", "443 | caddy"),
    (PORTS, "9000-9100 | alpha", "9050-9200 | beta"),
    (PORTS, "9000-9100 | alpha", "9000-9100 | beta"),
    (SERVICES, "jellyfin | 8096", "emby | 8096"),
    (LIST, "8096: jellyfin", "8096: emby"),
    (LIST, "8096 → jellyfin", "8096/tcp → emby"),
    (LIST, "jellyfin: 8096", "emby (8096)"),
    (HOSTS, "a | 80 | nginx", "a | 80 | caddy"),
    (PROTOCOLS, "53 | udp | bind", "53 | udp | dnsmasq"),
    (OUTSIDE, "web | 8081 | 80", "wiki | 8081 | 81"),
]  # fmt: skip
RIGHT = [
    (PORTS, "53/udp | unbound", "53/tcp | knot"),
    (PORTS, "8096 | jellyfin", "8096 | Jellyfin (web)"),
    (PORTS, "8096 | jellyfin", "8096 | jellyfin.service"),
    (PORTS, "8096 | jellyfin", "8096 | emby (stopped)"),
    (PORTS, "443 | nginx", "443 | wiki (via nginx)"),
    (PORTS, "8000 | api-blue", "8000 | api-green"),
    (PORTS, "9000-9999 | backends", "9100 | auth"),
    (PORTS, "8000 | - ", "8000 | n/a"),
    (LIST, "8000: api", "8000: api@2"),
    (HOSTS, "a | 80 | nginx", "b | 80 | caddy"),
    (ADDRESSES, "53 | 127.0.0.53 | resolved", "53 | 10.0.0.1 | bind"),
    (OUTSIDE, "web | 8081 | 80", "wiki | 8082 | 80"),
    ("## Servers\n\n| Name | Port |\n|---|---|\n| a | 22 |\n| {} |\n| {} |\n", "b | 2222", "c | 2222"),
    ("## Apps\n\n| Application | Database port |\n|---|---|\n| a | 1 |\n| {} |\n| {} |\n", "shop | 5432", "crm | 5432"),
    ("## Docker\n\n| Service | Port |\n|---|---|\n| a | 22 |\n| {} |\n| {} |\n", "web | 8080", "api | 8080"),
    (URLS, "API | 80 | http://a:80", "Docs | 80 | http://a:80/docs"),
    (USUAL, "grafana | 3000", "gitea | 3000"),
]  # fmt: skip


@pytest.mark.parametrize("cell", CELLS)
def test_cells(cell: str) -> None:
    assert read_ports(cell) == CELLS[cell]


@pytest.mark.parametrize(("document", "one", "other"), WRONG)
def test_two_owners(document: str, one: str, other: str) -> None:
    text = document.format(one, other)
    assert broken(text) == [f"QT1103:{len(text.splitlines())}"]
    assert broken(document.format(one, one)) == []


@pytest.mark.parametrize(("document", "one", "other"), RIGHT)
def test_not_two_owners(document: str, one: str, other: str) -> None:
    assert broken(document.format(one, other)) == []


def test_ports_that_many_share_are_those_of_containers() -> None:
    rows = "".join(f"| app-{chr(97 + number)} | 8080 |\n" for number in range(6))
    assert broken(f"| Service | Port |\n|---|---|\n{rows}") == []


def test_two_tables_that_agree_on_other_ports_are_about_one_host() -> None:
    first = "| App | Port |\n|---|---|\n| a-x | 81 |\n| b-x | 82 |\n| c-x | 83 |\n"
    tables = f"{first}\n| Port | App |\n|---|---|\n| 81 | a-x |\n"
    assert broken(f"{tables}| 82 | b-x |\n| 83 | d-x |\n") == ["QT1103:11"]
    assert broken(f"{tables}| 92 | b-x |\n| 83 | d-x |\n") == []
