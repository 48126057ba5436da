"""The kinds of unit are listed once: what else knows them agrees with that list, and `units()` gives each of them."""

from dataclasses import fields

import pytest

from qtctl.dialects.systemd.table.lookup import TYPES as SECTIONS
from qtctl.dialects.systemd.unit_name import TYPES
from qtctl.errors import InputErrors
from qtctl.model.desired import Desired
from qtctl.model.registry import Registry
from qtctl.model.unit_kinds import DECLARATIONS, DECLARED_IN, UNIT_TABLES, Declaration, UnitKind
from qtctl.model.vocabulary import find_model
from qtctl.registry.load import load
from qtctl.resolve.resolve import resolve
from tests.builders.registry import SMALL, changed

FILES = changed(
    services__worker="""\
summary = "Worker %i"
state = "running"
instances = ["1", "2"]
run = {kind = "command", argv = ["/bin/sleep", "inf"]}
""",
    services__job="""\
summary = "Job"
state = "on-timer"
run = {kind = "command", argv = ["/bin/true"]}
""",
    timers='[job]\nsummary = "Hourly"\nservice = "job"\non_calendar = ["hourly"]\n',
    sockets='[api]\nsummary = "Api"\nlisten = ["stream 127.0.0.1:8009"]\n',
    paths='[drop]\nsummary = "Drop"\nservice = "job"\npath_exists = ["/srv/drop"]\n',
    slices='[small]\nsummary = "Slice"\n',
    mounts='[log]\nsummary = "Logs"\nwhat = "/dev/sdb1"\nwhere = "/var/log/small"\n',
    automounts='[log]\nsummary = "Logs"\nwhere = "/var/log/small"\n',
    swaps='[disk]\nsummary = "Swap"\nwhat = "/dev/sdc1"\n',
)
"""One of every kind."""


@pytest.fixture(scope="module")
def desired() -> Desired:
    return resolve(load(FILES), "box")


def test_the_kinds_are_those_of_systemd() -> None:
    assert set(UnitKind) == set(TYPES)


@pytest.mark.parametrize("kind", UnitKind)
def test_a_kind_has_the_section_that_systemd_reads(kind: UnitKind) -> None:
    assert kind.section == SECTIONS.get(kind.suffix, "")


@pytest.mark.parametrize("declaration", DECLARATIONS, ids=str)
def test_every_declared_kind_is_a_table_of_a_registry(declaration: Declaration) -> None:
    assert declaration.table in {field.name for field in fields(Registry)}
    model = find_model(declaration.table)
    assert declaration.kind.section == ("" if declaration.kind is UnitKind.TARGET else model.SECTION)
    assert not declaration.path_key or declaration.path_key in model.model_fields


def test_every_kind_is_among_the_units_of_a_host(desired: Desired) -> None:
    found = {unit.kind for unit in desired.units()}
    assert found == {each.kind for each in DECLARATIONS}
    assert [unit.unit for unit in desired.units()] == sorted(unit.unit for unit in desired.units())


def test_of_a_template_its_instances_are_units_and_its_file_is_generated(desired: Desired) -> None:
    units = {unit.unit: unit for unit in desired.units()}
    assert "small-worker@.service" not in units
    assert {unit for unit, each in units.items() if each.made_by == "small-worker@.service"} == {
        "small-worker@1.service",
        "small-worker@2.service",
    }
    assert units["small-worker@2.service"].instance == "2"
    generated = {unit.unit for unit in desired.generated_units()}
    assert "small-worker@.service" in generated
    assert "small-worker@2.service" not in generated
    assert [each.unit for each in desired.list_instances("small-worker@.service")] == [
        "small-worker@1.service",
        "small-worker@2.service",
    ]


def test_what_starts_a_unit_is_known_whether_it_names_it_or_not(desired: Desired) -> None:
    assert {unit: [each.unit for each in those] for unit, those in desired.map_starters().items()} == {
        "small-api.service": ["small-api.socket"],
        "small-job.service": ["small-drop.path", "small-job.timer"],
        "var-log-small.mount": ["var-log-small.automount"],
    }


def test_every_unit_name_of_the_registry_is_known(desired: Desired) -> None:
    names = desired.unit_names()
    assert {unit.unit for unit in (*desired.units(), *desired.generated_units())} <= names
    assert {retired.unit for retired in desired.retired_units} <= names
    assert {alias for external in desired.externals for alias in external.names} <= names


def test_tables_and_declarations_are_the_same_list() -> None:
    assert tuple(DECLARED_IN) == UNIT_TABLES


def test_a_socket_claims_its_port_but_not_from_the_service_it_starts() -> None:
    own = changed(
        sockets='[feed]\nsummary = "Feed"\nlisten = ["stream 127.0.0.1:8009"]\n',
        services__feed=f'{SMALL["services/feed.toml"]}\n[ports.http]\nlisten = "127.0.0.1:8009"\n',
    )
    load(own)
    others = own | {"sockets.toml": own["sockets.toml"].replace(b"[feed]", b"[other]")}
    with pytest.raises(InputErrors, match=r"QT101 127\.0\.0\.1:8009 is claimed by feed too"):
        load(others)
