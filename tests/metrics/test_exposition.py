"""What Prometheus reads is what was measured, whatever a label contains."""

import shutil
import subprocess
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from qtctl.audit.judge import judge
from qtctl.metrics.exposition import write_exposition
from qtctl.model.evidence import State
from qtctl.model.measures import FAMILIES, UNIT_STATE, FamilyKind, Measure
from qtctl.reports import measures as measuring
from qtctl.reports.audit import build_report
from qtctl.reports.measures import LONGEST_LABEL, measure_host
from qtctl.reports.module_registry import build_report as build_registry
from tests.builders import reported

HOSTILE = ['"} 1\nqtctl_host_reached{host="x"} 1', "a\\", "\\n", "a\u2028b\u202e", "\ud800", "\x1b[31m", "é" * 300]


def measure() -> tuple[Measure, ...]:
    desired, evidence = reported.desired(), reported.evidence()
    report = build_report(desired, evidence, judge(desired, evidence))
    return measure_host(desired, evidence, report, 1.25)


def read(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            key = sample.name, tuple(sorted(sample.labels.items()))
            assert key not in found
            found[key] = sample.value
    return found


def test_every_series_is_read_back_once() -> None:
    measured = measure()
    families = {each.name: each for each in FAMILIES}
    wanted = {}
    for each in measured:
        family = families[each.family]
        wanted[family.series, tuple(sorted(zip(family.labels, each.labels, strict=True)))] = each.value
    assert read(write_exposition(measured)) == wanted


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_labels(name: str) -> None:
    _check_one_label(name)


@given(st.text(st.characters(), max_size=60))
def test_any_name_stays_a_label(name: str) -> None:
    _check_one_label(name)


def _check_one_label(name: str) -> None:
    row = measuring._make(UNIT_STATE, ("shop", "box", name, "running", "RUNNING"), 1)
    text = write_exposition([row])
    assert len(text.splitlines()) == 3
    assert len(row.labels[2]) <= LONGEST_LABEL
    ((_, labels), *others) = read(text)
    assert (dict(labels)["unit"], others) == (row.labels[2], [])


def test_promtool_reads_it() -> None:
    promtool = shutil.which("promtool")
    assert promtool, "install prometheus"
    text = write_exposition(measure())
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")


def test_the_numbers_are_those_of_the_module_registry() -> None:
    desired, evidence = reported.desired(), reported.evidence()
    registry = build_registry(desired, evidence, judge(desired, evidence))
    found = read(write_exposition(measure()))

    def value(name: str, **labels: str) -> float | None:
        return found.get((name, tuple(sorted({"fleet": desired.fleet, "host": "192.0.2.1", **labels}.items()))))

    for module in registry.modules:
        labels = {"unit": module.unit, "declared": module.declared, "state": module.category.value}
        assert value("qtctl_unit_state", **labels) == 1
    for stream in registry.streams:
        at = {"store": stream.store, "stream": stream.name}
        assert value("qtctl_stream_age_seconds", **at) == stream.newest_age_s
        assert value("qtctl_stream_entries", **at) == stream.length
        for group in stream.groups:
            of = {**at, "group": group.group, "service": group.service}
            assert value("qtctl_stream_group_lag", **of) == group.lag
            assert value("qtctl_stream_group_pending", **of) == group.pending
    assert value("qtctl_venv_works", venv="main") == 1
    assert value("qtctl_venv_works", venv="side") == 0
    assert value("qtctl_venv_works", venv="gone") == 0
    assert value("qtctl_unit_restarts_total", unit="q-crash.service") == 7
    assert value("qtctl_audit_timestamp_seconds") == reported.TAKEN_US / 1e6
    assert value("qtctl_audit_duration_seconds") == 1.25
    totals = {each: value("qtctl_checks", outcome=each) for each in ("holds", "broken", "unknown", "not-asked")}
    assert sum(map(float, filter(None, totals.values()))) == len(judge(desired, evidence))


def test_what_is_unknown_has_no_series() -> None:
    names = {(each.family, each.labels[2:]) for each in measure()}
    assert not any(family == "qtctl_port_listening" and "udp" in labels for family, labels in names)
    assert not any(family == "qtctl_stream_age_seconds" and "s:lost" in labels for family, labels in names)
    assert not any(family == "qtctl_unit_restarts" and "q-dark.service" in labels for family, labels in names)


def test_a_host_that_was_not_reached_has_no_zeroes() -> None:
    desired = reported.desired()
    refused = tuple(replace(each, state=State.REFUSED, value=None, reason="no route") for each in reported.ITEMS)
    evidence = reported.evidence(refused)
    judged = tuple(replace(each) for each in judge(desired, evidence))
    report = build_report(desired, evidence, judged)
    found = {each.family: each.value for each in measure_host(desired, evidence, report)}
    assert "qtctl_stream_entries" not in found
    assert "qtctl_unit_restarts" not in found
    assert "qtctl_audit_duration_seconds" not in found


def test_a_host_has_so_many_series_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = len(measure())
    monkeypatch.setattr(measuring, "MOST_SERIES", 20)
    found = measure()
    assert len(found) == 20
    assert (found[-1].family, found[-1].value) == ("qtctl_series_dropped", whole - 20)
    assert "qtctl_host_verdict" in {each.family for each in found}, "the verdict is not what is dropped"


def test_counters_end_in_total() -> None:
    assert {each.series.endswith("_total") for each in FAMILIES if each.kind is FamilyKind.COUNTER} == {True}
    assert not any(each.series.endswith("_total") for each in FAMILIES if each.kind is FamilyKind.GAUGE)
