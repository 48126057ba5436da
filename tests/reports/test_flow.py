"""The event flow: what it says of gaps, cycles and lifecycles, with and without evidence."""

from collections.abc import Mapping

import pytest
from pydantic import ValidationError

from qtctl.errors import InputError
from qtctl.formats.markdown import write_markdown
from qtctl.model.registry import Registry
from qtctl.registry.load import load
from qtctl.reports.flow import FlowReport, build_report, to_json
from qtctl.reports.flow_view import build_page, build_screen
from qtctl.reports.module_registry import build_report as build_modules
from tests.builders.desired import resolve_files
from tests.builders.registry import STORES, write_fleet, write_host, write_redis
from tests.builders.reported import FILES, desired, evidence

from .checks import CHECKS
from .golden import assert_golden

RUN = 'run = {kind = "command", argv = ["/bin/true"]}\n'


def service(streams: str, state: str = "running") -> str:
    return f'summary = "x"\nstate = "{state}"\n{RUN}{streams}\n'


def consume(key: str, group: str) -> str:
    return f'streams.consumes."{key}" = {{group = "{group}"}}'


SERVICES = {
    "feed": service('streams.publishes = ["s:tick", "s:lost"]'),
    "model": service(f'streams.publishes = ["s:signal"]\n{consume("s:tick", "model")}'),
    "old": service(f'streams.publishes = ["s:order"]\n{consume("s:signal", "old")}', "stopped"),
    "book": service(f'{consume("s:order", "book")}\nstreams.writes = ["h:book"]\nstreams.reads = ["h:mode"]'),
    "again": service(f'streams.publishes = ["s:echo"]\n{consume("s:echo", "again")}'),
}
KEYS = ("s:tick", "s:lost", "s:signal", "s:order", "s:echo", "s:free")
LIFE = '[lifecycles.order]\nsummary = "To the book"\npasses = ["s:tick", "s:order", "h:book"]\n'


def registry(services: Mapping[str, str] = SERVICES, lifecycles: str = LIFE) -> Registry:
    files = {
        "fleet.toml": write_fleet("shop", prefix="shop-") + lifecycles,
        "hosts.toml": write_host(),
        "stores.toml": STORES,
        "externals.toml": write_redis(),
        "streams.toml": "".join(f'["{key}"]\ntype = "stream"\n' for key in KEYS)
        + '["h:book"]\ntype = "hash"\n["h:mode"]\ntype = "string"\n',
        **{f"services/{name}.toml": text for name, text in services.items()},
    }
    return load({path: text.encode() for path, text in files.items()})


def gaps(report: FlowReport) -> dict[str, str]:
    return {key.name: key.gap.value for key in report.keys if key.gap is not None}


def test_every_gap_is_named() -> None:
    assert gaps(build_report(registry(), None)) == {
        "s:lost": "no-consumer",
        "s:signal": "consumers-stopped",
        "s:order": "producers-stopped",
        "h:book": "no-consumer",
        "h:mode": "no-producer",
        "s:free": "not-used",
    }


def test_a_lifecycle_takes_the_shortest_way_and_names_who_stands_still() -> None:
    (life,) = build_report(registry(), None).lifecycles
    assert [each.key for each in life.steps] == ["s:tick", "s:signal", "s:order", "h:book"]
    assert [[one.service for one in each.carriers] for each in life.steps] == [["feed"], ["model"], ["old"], ["book"]]
    assert [each.works for each in life.steps] == [True, True, False, True]
    assert (life.declared, life.complete) == (True, False)


def test_a_step_that_nobody_takes_is_marked() -> None:
    without = {name: text for name, text in SERVICES.items() if name != "old"}
    report = build_report(registry(without), None)
    (life,) = report.lifecycles
    assert [(each.key, len(each.carriers)) for each in life.steps] == [("s:tick", 1), ("s:order", 0), ("h:book", 1)]
    assert "| 2 | **nobody** | `s:order` | — |" in write_markdown(build_page(report, ()))


def test_without_lifecycles_the_longest_of_the_shortest_ways_is_shown() -> None:
    (life,) = build_report(registry(lifecycles=""), None).lifecycles
    assert not life.declared
    assert [each.key for each in life.steps] == ["s:tick", "s:signal", "s:order", "h:book"]


def test_circles_stages_and_first_producers() -> None:
    report = build_report(registry(), None)
    assert [(each.services, each.keys) for each in report.circles] == [(("again",), ("s:echo",))]
    assert report.first_producers == ("feed",)
    assert {each.name: each.stage for each in report.services} == {
        "again": 1, "feed": 1, "model": 2, "old": 3, "book": 4,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("passes", "what"),
    [
        ('["s:tick", "s:ordr"]', "key s:ordr is not declared (did you mean s:order?)"),
        ('["s:tick"]', "lifecycles.order.passes"),
    ],
)
def test_a_lifecycle_passes_keys_that_are_declared(passes: str, what: str) -> None:
    with pytest.raises(InputError) as caught:
        registry(lifecycles=f"[lifecycles.order]\npasses = {passes}\n")
    assert what in str(caught.value)


def test_without_evidence_nothing_is_a_number() -> None:
    report = build_report(registry(), None)
    assert report.taken_at is None
    for key in report.keys:
        assert (key.state, key.length, key.newest_age_s) == (None, None, None)
        assert all(each.lag is None and each.pending is None for each in key.readers)
    page = write_markdown(build_page(report, ()))
    assert "lengths, ages and lags are unknown" in page
    assert "| `s:tick` | stream | feed | model, lag unknown | unknown | unknown |" in page


def test_the_whole_report_with_evidence() -> None:
    whole = load({path: text.encode() for path, text in FILES.items()})
    report = build_report(whole, build_modules(desired(), evidence(), CHECKS))
    assert_golden("flow.json", to_json(report))
    assert_golden("flow.md", write_markdown(build_page(report, ("flowchart LR", "  n0"))))
    assert "```mermaid\nflowchart LR\n  n0\n```\n" in write_markdown(build_page(report, ("flowchart LR", "  n0")))
    assert "mermaid" not in write_markdown(build_screen(report))


def test_totals_that_the_rows_do_not_add_up_to_cannot_be_made() -> None:
    dumped = build_report(registry(), None).model_dump()
    FlowReport.model_validate(dumped)
    dumped["totals"]["streams"] += 1
    with pytest.raises(ValidationError):
        FlowReport.model_validate(dumped)


def test_no_line_of_a_drawing_closes_its_fence() -> None:
    report = build_report(registry(), None)
    text = write_markdown(build_page(report, ("a", "```", "# not a heading")))
    assert "````mermaid\na\n```\n# not a heading\n````\n" in text


def test_a_template_is_as_far_behind_as_the_worst_of_its_instances() -> None:
    template = (
        'summary = "x"\nstate = "running"\ninstances = ["1", "2"]\n'
        + RUN
        + 'streams.consumes."s:tick" = {group = "w"}\n'
    )
    whole = {**FILES, "services/worker@.toml": template}
    files = {path: text.encode() for path, text in whole.items()}
    wanted = resolve_files(whole, "box")
    modules = build_modules(wanted, evidence(), CHECKS)
    rows = modules.model_dump()
    lags = {"worker@1": 5, "worker@2": 9}
    for stream in rows["streams"]:
        stream["groups"] = [{**group, "lag": lags.get(group["service"], group["lag"])} for group in stream["groups"]]
    report = build_report(load(files), modules.model_validate(rows))
    (reader,) = (
        each for key in report.keys if key.name == "s:tick" for each in key.readers if each.service == "worker@"
    )
    assert reader.lag == 9
