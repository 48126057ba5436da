"""Sockets, paths, slices, mounts, templates and instances in `show`, `list` and `graph`."""

import json

import pytest
from jsonschema import Draft202012Validator

from qtctl.adapters.files import read_templates
from qtctl.errors import InputError
from qtctl.flows.views import build_graph, make_listing, show
from qtctl.formats.markdown import write_markdown
from qtctl.reports.document import dump
from qtctl.views.choices import Kind, State, What
from qtctl.views.graph_svg import draw_svg
from qtctl.views.graph_text import write_dot, write_mermaid
from qtctl.views.listing import format_cells, list_columns, make_page
from qtctl.views.rows import PortRow, ServiceRow
from qtctl.views.schemas import make_schemas
from qtctl.views.show import Shown
from qtctl.views.show_page import list_facts
from tests.model.test_unit_kinds import FILES as EVERY_KIND

FILES = EVERY_KIND | {
    "services/api.toml": EVERY_KIND["services/api.toml"].replace(b"[run]", b'slice = "small"\n\n[run]', 1),
    "services/job.toml": EVERY_KIND["services/job.toml"].replace(b"on-timer", b"on-demand"),
}


def shown(name: str) -> Shown:
    found = show(FILES, read_templates(None), name, None)
    Draft202012Validator(make_schemas()["show"]).validate(json.loads(dump(found)))
    return found


@pytest.mark.parametrize("name", ["worker@2", "worker@2.service", "small-worker@2.service"])
def test_an_instance_is_shown_as_itself(name: str) -> None:
    (thing,) = shown(name).things
    assert (thing.kind, thing.name, thing.unit, thing.summary) == (
        "service",
        "worker@2",
        "small-worker@2.service",
        "Worker 2",
    )
    assert (thing.template, thing.instances) == ("small-worker@.service", ())
    assert [file.path for file in thing.files if file.text] == ["/etc/systemd/system/small-worker@.service"]


@pytest.mark.parametrize("name", ["worker", "worker@", "small-worker@.service"])
def test_a_template_names_its_instances(name: str) -> None:
    (thing,) = shown(name).things
    assert thing.instances == ("small-worker@1.service", "small-worker@2.service")
    assert dict(list_facts(thing))["instances"] == "small-worker@1.service, small-worker@2.service"


@pytest.mark.parametrize(
    ("name", "kind", "unit", "starts"),
    [
        ("api.socket", "socket", "small-api.socket", "small-api.service"),
        ("small-api.socket", "socket", "small-api.socket", "small-api.service"),
        ("drop", "path", "small-drop.path", "small-job.service"),
        ("small.slice", "slice", "small-small.slice", ""),
        ("var-log-small.mount", "mount", "var-log-small.mount", ""),
        ("log.automount", "automount", "var-log-small.automount", "var-log-small.mount"),
        ("disk", "swap", "dev-sdc1.swap", ""),
    ],
)
def test_units_of_other_kinds_are_found_by_every_name(name: str, kind: str, unit: str, starts: str) -> None:
    (thing,) = shown(name).things
    assert (thing.kind, thing.unit, thing.starts) == (kind, unit, starts)


def test_what_starts_a_service_and_what_is_in_a_slice_is_shown() -> None:
    api = next(thing for thing in shown("api").things if thing.kind == "service")
    assert "socket api" in api.used_by
    assert "/etc/systemd/system/small-api.socket" in [file.path for file in api.files]
    (job,) = (thing for thing in shown("job").things if thing.kind == "service")
    assert job.used_by == ("timer job", "path drop")
    (slice_,) = shown("small.slice").things
    assert slice_.used_by == ("service api",)


def test_an_instance_that_is_not_declared_is_not_found() -> None:
    with pytest.raises(InputError, match="worker@3"):
        shown("worker@3")


def test_instances_are_a_column_where_there_are_some() -> None:
    services = make_listing(FILES, Kind.SERVICES, None)
    assert "instances" in list_columns(services)
    worker = next(row for row in services.rows if isinstance(row, ServiceRow) and row.name == "worker")
    assert "small-worker@1.service, small-worker@2.service" in format_cells(services, worker)
    assert "`small-worker@1.service, small-worker@2.service`" in write_markdown(make_page(services))
    assert "instances" not in list_columns(make_listing(FILES, Kind.SERVICES, State.ON_DEMAND))


def test_ports_of_sockets_are_listed() -> None:
    rows = make_listing(FILES, Kind.PORTS, State.ACTIVE).rows
    assert [(row.name, row.listen) for row in rows if isinstance(row, PortRow)] == [("api.listen", "127.0.0.1:8009")]


@pytest.mark.parametrize("what", [What.TARGETS, What.ALL])
def test_every_unit_is_in_the_graph_with_what_it_starts(what: What) -> None:
    found = build_graph(FILES, what, None)
    edges = {(edge.source, edge.to) for edge in found.edges}
    assert edges >= {
        ("sockets:api", "services:api"),
        ("unit:sockets.target", "sockets:api"),
        ("paths:drop", "services:job"),
        ("timers:job", "services:job"),
        ("automounts:log", "mounts:log"),
        ("slices:small", "services:api"),
        ("unit:swap.target", "swaps:disk"),
    }
    assert {"services:worker", "mounts:log"} <= {node.id for node in found.nodes}
    for picture in (write_mermaid, write_dot, draw_svg):
        assert all(label in picture(found) for label in ("api.socket", "drop.path", "small.slice"))


def test_a_timer_of_an_instance_leads_to_its_template() -> None:
    files = FILES | {
        "timers.toml": b'[job]\nsummary = "Hourly"\nservice = "worker@2"\non_calendar = ["hourly"]\n'
        b'[other]\nsummary = "Other"\nservice = "fstrim.service"\non_calendar = ["daily"]\n'
    }
    edges = {(edge.source, edge.to) for edge in build_graph(files, What.TARGETS, None).edges}
    assert {("timers:job", "services:worker"), ("timers:other", "unit:fstrim.service")} <= edges


def test_the_graph_is_around_an_instance() -> None:
    assert "services:worker" in {node.id for node in build_graph(FILES, What.TARGETS, "worker@1").nodes}
