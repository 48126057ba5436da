"""What systemd listens on for a service: the port is the socket unit's and its service's, whoever the kernel names."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from qtctl.audit.judge import judge
from qtctl.meaning.listeners import SYSTEMD, list_declared_ports
from qtctl.model.desired import Desired
from qtctl.model.evidence import EVIDENCE_SCHEMA, Ask, Evidence
from qtctl.model.facts import Unit
from qtctl.registry.load import load
from qtctl.reports.module_registry import build_report
from qtctl.resolve.resolve import resolve
from tests.builders.evidence import list_sockets, observe
from tests.builders.registry import changed
from tests.meaning.agreement import disagreements

AT = "2026-01-17T07:25:00.000Z"
SOCKET = '[act]\nsummary = "Act"\nlisten = ["stream 127.0.0.1:9100", "datagram 9200", "stream /run/act.sock"]\n'
ACT = """\
summary = "Act"
state = "{}"
run = {{kind = "command", argv = ["/srv/small/act"]}}
"""
PORT = '[ports.http]\nlisten = "127.0.0.1:9100"\n'
UP = Unit("loaded", "active", "running", "enabled")


def desired(service: str) -> Desired:
    return resolve(load(changed(services__act=service, sockets=SOCKET)), "box")


def evidence(wanted: Desired, owner: str, units: Mapping[str, Unit] | None = None) -> Evidence:
    seen = {unit.unit: UP for unit in wanted.units()} | dict(units or {})
    tcp, udp = list_sockets("tcp", [["127.0.0.1", "9100", owner]]), list_sockets("udp", [["*", "9200", owner]])
    items = [*(observe(name, unit) for name, unit in seen.items()), tcp, udp]
    ask = Ask(1, "bus", ("ListUnits",), "systemctl list-units", AT, 1)
    return Evidence(EVIDENCE_SCHEMA, "0", "box", "192.0.2.1", "ssh", "me", AT, (ask,), tuple(items))


def outcomes(
    wanted: Desired, owner: str, subject: str, units: Mapping[str, Unit] | None = None, ids: str = "QT30"
) -> dict[str, str]:
    found = judge(wanted, evidence(wanted, owner, units))
    return {each.id: str(each.outcome) for each in found if each.subject == subject and each.id.startswith(ids)}


HOLDS = {"QT301": "holds", "QT302": "holds", "QT303": "holds"}


@pytest.mark.parametrize("owner", [SYSTEMD, "small-act.socket", "small-act.service"])
@pytest.mark.parametrize("service", [ACT.format("on-demand"), ACT.format("running") + PORT], ids=["socket's", "both's"])
def test_systemd_the_socket_and_the_service_may_hold_it(service: str, owner: str) -> None:
    wanted = desired(service)
    assert outcomes(wanted, owner, "127.0.0.1:9100") == {**HOLDS, "QT309": "holds"}
    assert outcomes(wanted, owner, "*:9200/udp") == HOLDS
    known = evidence(wanted, owner)
    report = build_report(wanted, known, judge(wanted, known))
    assert {row.port: row.found for row in report.ports if row.port in (9100, 9200)} == {
        9100: "listening",
        9200: "listening",
    }
    assert report.stray_ports == ()
    assert [(row.unit, row.kind, row.starts) for row in report.units] == [
        ("small-act.socket", "socket", "small-act.service")
    ]


def test_a_port_that_socket_and_service_declare_is_one_port() -> None:
    found = [
        each.unit.unit for each in list_declared_ports(desired(ACT.format("running") + PORT)) if each.port.port == 9100
    ]
    assert found == ["small-act.service"]


def test_no_remedy_stops_systemd() -> None:
    wanted = resolve(load(changed(services__act=ACT.format("running") + PORT)), "box")
    (check,) = [
        each
        for each in judge(wanted, evidence(wanted, SYSTEMD))
        if each.id == "QT302" and each.subject == "127.0.0.1:9100"
    ]
    assert str(check.outcome) == "broken"
    assert "init.scope" not in check.remedy
    assert "systemctl list-sockets" in check.remedy


@pytest.mark.parametrize("owner", [SYSTEMD, "small-act.socket", "docker.service", ""])
def test_audit_parity_and_module_registry_agree(owner: str) -> None:
    for service in (ACT.format("on-demand"), ACT.format("running") + PORT):
        wanted = desired(service)
        said = [line for line in disagreements(wanted, evidence(wanted, owner)) if "910" in line or "act" in line]
        assert said == []


def listening(*addresses: tuple[str, str]) -> Unit:
    """A socket unit that is up, as systemd has loaded it."""
    return replace(UP, loaded={"Listen": [[kind, address] for kind, address in addresses]})


LISTENS = {
    "as declared": ([("Stream", "127.0.0.1:9100"), ("Datagram", "[::]:9200")], "holds"),
    "on every address": ([("Stream", "[::]:9100")], "holds"),
    "on another port": ([("Stream", "127.0.0.1:9109")], "broken"),
    "for datagrams": ([("Datagram", "127.0.0.1:9100")], "broken"),
    "on a path": ([("Stream", "/run/act.sock")], "broken"),
    "nowhere": ([], "broken"),
}


@pytest.mark.parametrize("name", LISTENS)
def test_what_systemd_holds_is_the_sockets_by_its_listen(name: str) -> None:
    """A socket unit that listens elsewhere does not own what another one holds."""
    addresses, outcome = LISTENS[name]
    wanted, known = desired(ACT.format("on-demand")), {"small-act.socket": listening(*addresses)}
    assert outcomes(wanted, SYSTEMD, "127.0.0.1:9100", known)["QT302"] == outcome
    said = [line for line in disagreements(wanted, evidence(wanted, SYSTEMD, known)) if "910" in line]
    assert said == []


EXTERNAL = """\
[redis-server]
summary = "Redis"
[ssh]
summary = "Started by its socket, as on Ubuntu 24.04"
ports = { ssh = { listen = "127.0.0.1:9100" } }
"""
IDLE = replace(UP, active_state="inactive", sub_state="dead", loaded={"TriggeredBy": ["ssh.socket"]})
DOWN = replace(UP, active_state="inactive", sub_state="dead")


@pytest.mark.parametrize(
    ("socket", "owns", "runs"),
    [
        (listening(("Stream", "127.0.0.1:9100")), "holds", "holds"),
        (listening(("Stream", "127.0.0.1:22")), "broken", "holds"),
        (replace(DOWN, loaded={"Listen": [["Stream", "127.0.0.1:22"]]}), "broken", "broken"),
        (None, None, "broken"),
    ],
)
def test_a_socket_that_nobody_declares_listens_for_its_external(
    socket: Unit | None, owns: str | None, runs: str
) -> None:
    wanted = resolve(load(changed(externals=EXTERNAL)), "box")
    known = {"ssh.service": IDLE if socket else DOWN} | ({"ssh.socket": socket} if socket else {})
    assert outcomes(wanted, SYSTEMD, "ssh.service", known, "QT219") == {"QT219": runs}
    found = outcomes(wanted, SYSTEMD, "127.0.0.1:9100", known)
    assert found["QT302"] == (owns or "broken")


def test_a_service_of_the_fleet_that_should_run_does_not_wait_for_a_connection() -> None:
    wanted = desired(ACT.format("running"))
    known = {"small-act.service": replace(DOWN, loaded={"TriggeredBy": ["small-act.socket"]})}
    assert outcomes(wanted, SYSTEMD, "small-act.service", known, "QT219") == {"QT219": "broken"}
