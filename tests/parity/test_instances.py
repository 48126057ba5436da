"""A disposition may name a template (its instances on the host), one instance, a socket, or any whole unit name."""

import pytest

from qtctl.dialects.compose.load import load as load_compose
from qtctl.errors import InputErrors
from qtctl.model.desired import Desired
from qtctl.model.facts import Facts
from qtctl.parity.compare import compare
from qtctl.parity.needs import list_needs
from qtctl.parity.rows import ParityRow
from qtctl.registry.load import load
from qtctl.resolve.resolve import resolve
from qtctl.rules.places import list_declared_elsewhere
from tests.builders.compared import FILES, facts, legacy

HELD = "init.scope"
"""What the kernel names for a socket that systemd itself has opened."""
MORE = {
    "services/wk.toml": """\
summary = "Worker %i"
state = "running"
instances = ["1", "2"]
run = {kind = "command", argv = ["/bin/sleep", "inf"]}
""",
    "services/act.toml": """\
summary = "Started by its socket"
state = "on-demand"
run = {kind = "command", argv = ["/srv/small/act"]}
""",
    "sockets.toml": '[act]\nsummary = "Act"\nlisten = ["stream 127.0.0.1:9100"]\n',
    "paths.toml": '[drop]\nsummary = "Drop"\nservice = "act"\npath_exists = ["/srv/drop"]\n',
}
BOTH = {"q-wk@1.service": "up", "q-wk@2.service": "up"}
ACT = {"q-act.service": "down", "q-act.socket": "waiting", "q-drop.path": "down"}


def files(**changed: str) -> dict[str, bytes]:
    texts = FILES | MORE | {f"{name.replace('__', '/')}.toml": text for name, text in changed.items()}
    return {path: text.encode() for path, text in texts.items()}


@pytest.fixture(scope="module")
def desired() -> Desired:
    return resolve(load(files()), "box")


def row(desired: Desired, to: list[str], known: Facts | None, service: str = "image: x") -> ParityRow:
    compose = load_compose(f"services:\n  s:\n    {service}\n", "f.yml")
    (found,) = compare(compose, legacy({"s": {"is": "mapped", "to": to, "why": "w"}}), desired, known).rows
    return found


@pytest.mark.parametrize("name", ["wk", "wk@", "wk@.service", "q-wk@.service"])
def test_a_template_is_all_of_its_instances_on_the_host(desired: Desired, name: str) -> None:
    found = row(desired, [name], facts(BOTH, None))
    assert [(side.name, side.unit) for side in found.units] == [("wk@1", "q-wk@1.service"), ("wk@2", "q-wk@2.service")]
    assert found.verdict == "parity"


@pytest.mark.parametrize("name", ["wk@2", "wk@2.service", "q-wk@2.service"])
def test_an_instance_is_that_one_alone(desired: Desired, name: str) -> None:
    assert [side.unit for side in row(desired, [name], facts(BOTH, None)).units] == ["q-wk@2.service"]


def test_one_instance_that_is_down_is_a_gap_of_the_template_and_not_of_its_sibling(desired: Desired) -> None:
    known = facts(BOTH | {"q-wk@2.service": "failed"}, None)
    assert [each.subject for each in row(desired, ["wk"], known).findings] == ["q-wk@2.service"]
    assert row(desired, ["wk@1"], known).verdict == "parity"


@pytest.mark.parametrize(
    ("to", "units"),
    [
        ("act", ["q-act.service"]),
        ("act.service", ["q-act.service"]),
        ("act.socket", ["q-act.socket"]),
        ("q-act.socket", ["q-act.socket"]),
        ("drop", ["q-drop.path"]),
        ("nightly.timer", ["q-nightly.timer"]),
    ],
)
def test_units_of_any_kind_can_be_named(desired: Desired, to: str, units: list[str]) -> None:
    assert [side.unit for side in row(desired, [to], None).units] == units


@pytest.mark.parametrize("to", ["act", "act.socket"])
@pytest.mark.parametrize("owner", [HELD, "q-act.socket"])
def test_what_systemd_listens_on_for_a_service_is_its_port(desired: Desired, to: str, owner: str) -> None:
    known = facts(ACT, [["127.0.0.1", "9100", owner]])
    found = row(desired, [to], known, "ports: ['9100:80']")
    assert (found.verdict, found.findings, found.unknowns) == ("parity", (), ())


def test_a_socket_that_is_down_starts_nothing(desired: Desired) -> None:
    known = facts(ACT | {"q-act.socket": "down"}, [])
    found = row(desired, ["act"], known, "ports: ['9100:80']")
    assert [(each.id, each.observed) for each in found.findings] == [
        ("QT802", "declared on-demand; no unit that starts it is active"),
        ("QT803", "nobody listens on 9100/tcp"),
    ]


def test_another_unit_on_the_port_of_a_socket_is_a_gap(desired: Desired) -> None:
    known = facts(ACT, [["127.0.0.1", "9100", "docker.service"]])
    assert [each.id for each in row(desired, ["act"], known, "ports: ['9100:80']").findings] == ["QT803"]


def test_a_port_that_systemd_holds_for_nothing_declared_is_nobody_elses(desired: Desired) -> None:
    known = facts({"q-api.service": "up"}, [["127.0.0.1", "8000", HELD]])
    assert [each.id for each in row(desired, ["api"], known, "ports: ['8000:80']").findings] == ["QT803"]


def test_all_that_is_read_is_asked_for(desired: Desired) -> None:
    asked = {need.subject for need in list_needs(desired)}
    assert {*BOTH, *ACT} <= asked


def test_a_registry_loads_with_these_names_and_no_others() -> None:
    record = 'compose = "f.yml"\n[services.s]\nis = "mapped"\nwhy = "w"\nto = ["wk", "wk@2", "act.socket", "{}"]\n'
    load(files(legacy__f=record.format("q-drop.path")))
    for wrong in ("wk@3", "act.timer", "q-wk@3.service"):
        with pytest.raises(InputErrors, match=f"QT809 {wrong} is not declared"):
            load(files(legacy__f=record.format(wrong)))


def test_what_another_host_has_is_elsewhere() -> None:
    registry = load(files(services__wk=MORE["services/wk.toml"].replace("instances", 'hosts = ["other"]\ninstances')))
    elsewhere = list_declared_elsewhere(registry, resolve(registry, "box"))
    assert {"far", "wk", "wk@1", "q-wk@2.service"} <= elsewhere
    assert elsewhere.isdisjoint({"act", "api", "redis", "old"})


def test_a_whole_name_is_the_unit_that_has_it_before_a_service_that_is_called_so() -> None:
    """`docker.service` is docker's own, and that of the service `docker` only where nothing else has the name."""
    own = 'summary = "Ours"\nstate = "running"\nrun = {kind = "command", argv = ["/srv/small/docker"]}\n'
    theirs = FILES["externals.toml"] + '[engine]\nsummary = "Theirs"\nunit = "docker.service"\n'
    for texts, meant in (({"externals": theirs}, "docker.service"), ({}, "q-docker.service")):
        host = resolve(load(files(services__docker=own, **texts)), "box")
        assert [each.unit for each in row(host, ["docker.service"], None).units] == [meant]
        assert [each.unit for each in row(host, ["docker"], None).units] == ["q-docker.service"]
