"""Ports that two adopted units claim: nothing is left out, and the registry can be loaded."""

from typing import Any

import pytest

from qtctl.adopt.adoption import GATE
from qtctl.findings.finding import Severity
from tests.adopt.small import adopt, rendered, table

SERVICE = "[Service]\nExecStart=/opt/x\n"
UVICORN = (
    "[Service]\nWorkingDirectory=/srv\nExecStart=/opt/v/bin/python -m uvicorn a.b:app --host {} --port {}\n"
    "[Install]\nWantedBy=multi-user.target\n"
)


def socket(*listen: str, more: str = "") -> str:
    lines = "".join(f"{each}\n" for each in listen)
    return f"[Socket]\n{lines}{more}[Install]\nWantedBy=sockets.target\n"


def sockets(one: str, other: str, **more: str) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """Both as they were adopted, and what is said of their ports."""
    texts = {"a.socket": one, "b.socket": other, "a.service": SERVICE, "b.service": SERVICE}
    texts |= {name.replace("_", "."): text for name, text in more.items()}
    adopted = adopt(texts)
    assert {"a.socket", "b.socket"} <= rendered(adopted).keys()
    told = [each.what for each in adopted.adoption.judgments if each.id == "QT101"]
    assert all(each.severity is Severity.ERROR for each in adopted.adoption.judgments if each.id == "QT101")
    assert GATE is Severity.ERROR
    return table(adopted, "sockets.toml#a"), table(adopted, "sockets.toml#b"), told


@pytest.mark.parametrize(("one", "other"), [
    ("ListenStream=80", "ListenStream=0.0.0.0:80"), ("ListenStream=127.0.0.1:80", "ListenStream=80"),
    ("ListenDatagram=53", "ListenDatagram=[::1]:53"), ("ListenStream=/run/a", "ListenStream=/run/a"),
])  # fmt: skip
def test_a_second_socket_on_one_port_is_adopted_stopped(one: str, other: str) -> None:
    first, second, told = sockets(socket(one), socket("ListenStream=/run/b", other))
    assert "state" not in first
    assert second["state"] == "stopped"
    assert len(second["listen"]) == 2
    assert len(told) == 1
    assert "as a.socket does: it was declared stopped" in told[0]


@pytest.mark.parametrize(("one", "other"), [
    ("ListenStream=127.0.0.1:80", "ListenStream=127.0.0.2:80"), ("ListenStream=80", "ListenDatagram=80"),
    ("ListenStream=80", "ListenStream=81"), ("ListenStream=/run/a", "ListenStream=/run/b"),
])  # fmt: skip
def test_two_ports_are_two_ports(one: str, other: str) -> None:
    first, second, told = sockets(socket(one), socket(other))
    assert not {"state"} & {*first, *second}
    assert told == []


def test_sockets_that_share_a_port_are_both_active() -> None:
    shared = socket("ListenStream=80", more="ReusePort=yes\n")
    first, second, told = sockets(shared, shared)
    assert not {"state"} & {*first, *second}
    assert told == []


def test_a_socket_on_the_port_of_a_service_that_it_does_not_start() -> None:
    first, _, told = sockets(
        socket("ListenStream=8000"), socket("ListenStream=81"), c_service=UVICORN.format("127.0.0.1", 8000)
    )
    assert first["state"] == "stopped"
    assert len(told) == 1


def test_a_socket_and_its_service_have_one_port() -> None:
    served = {"a.socket": socket("ListenStream=127.0.0.1:8000"), "a.service": UVICORN.format("127.0.0.1", 8000)}
    adopted = adopt(served)
    assert table(adopted, "services/a.toml")["ports"] == {"http": {"listen": "127.0.0.1:8000"}}
    assert "state" not in table(adopted, "sockets.toml#a")


def test_services_on_one_port_of_two_addresses_keep_both() -> None:
    one, other = UVICORN.format("127.0.0.1", 8000), UVICORN.format("127.0.0.2", 8000)
    adopted = adopt({"a.service": one, "b.service": other})
    assert table(adopted, "services/b.toml")["ports"] == {"http": {"listen": "127.0.0.2:8000"}}
    assert not [each for each in adopted.adoption.judgments if each.id == "QT101"]
