"""Alert rules and dashboard: promtool accepts them, and they name nothing that qtctl does not measure."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from qtctl.api import fleet
from qtctl.api.metrics import build_dashboard, build_rules
from qtctl.api.registry import LoadedRegistry, load
from qtctl.model.measures import FAMILIES, Family
from qtctl.model.selection import HostSelection
from qtctl.reports.alert_rules import write_number
from tests.builders import reported
from tests.builders.registry import SMALL

ROOT = Path(__file__).parent.parent.parent
NAME = re.compile(r"\bqtctl_[a-z_]+")
MATCHER = re.compile(r"(qtctl_[a-z_]+)\{([^}]*)\}")
NAMED_LABEL = re.compile(r"([a-z_]+)(?:=~|!~|!=|=)\"")
REGISTRIES = ("shipped", "small", "reported", "hostile")
HOSTILE = 'a"b\\c{{x}}|.*'


@pytest.fixture(params=REGISTRIES)
def loaded(request: pytest.FixtureRequest, tmp_path: Path) -> LoadedRegistry:
    if request.param == "shipped":
        return load(ROOT / "registry")
    files = reported.FILES if request.param == "reported" else dict(SMALL)
    if request.param == "hostile":
        files = {
            name: text.replace("s:tick", HOSTILE.replace("\\", "\\\\").replace('"', '\\"'))
            for name, text in files.items()
        }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return load(tmp_path)


def hosts_of(loaded: LoadedRegistry) -> tuple[str, ...]:
    return fleet.select_hosts(loaded, HostSelection((), every=True))


def check_with_promtool(text: str, folder: Path) -> None:
    promtool = shutil.which("promtool")
    assert promtool, "install prometheus"
    file = folder / "rules.yml"
    file.write_text(text)
    command = [promtool, "check", "rules", "--lint-fatal", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def list_wrong_names(expr: str) -> set[str]:
    """Metrics and labels in it that no family has."""
    families: dict[str, Family] = {each.series: each for each in FAMILIES}
    wrong = {name for name in NAME.findall(expr) if name not in families}
    for name, matchers in MATCHER.findall(expr):
        labels = NAMED_LABEL.findall(re.sub(r'"(?:[^"\\]|\\.)*"', '""', matchers))
        wrong |= {f"{name}.{each}" for each in labels if name in families and each not in families[name].labels}
    return wrong


def test_promtool_accepts_the_rules(loaded: LoadedRegistry, tmp_path: Path) -> None:
    text = build_rules(loaded, hosts_of(loaded), 60)
    check_with_promtool(text, tmp_path)
    assert list_wrong_names(text.replace('\\"', '"')) == set()
    assert text == build_rules(loaded, hosts_of(loaded), 60)


def test_every_threshold_of_the_registry_has_its_rule(tmp_path: Path) -> None:
    for path, text in reported.FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    loaded = load(tmp_path)
    text = build_rules(loaded, hosts_of(loaded), 5).replace('\\"', '"')
    fleet = f'fleet="{loaded.registry.fleet.name}"'
    assert f'qtctl_stream_age_seconds{{{fleet},store="redis",stream="s:tick"}} > 60' in text
    assert f'qtctl_stream_group_lag{{{fleet},store="redis",stream="s:tick",group="api"}} > 10' in text
    assert f"(count(qtctl_host_reached{{{fleet}}}) or vector(0)) < 1" in text
    assert f"time() - qtctl_audit_timestamp_seconds{{{fleet}}} > 15" in text


def test_rules_and_panels_are_about_their_own_fleet_and_hosts(tmp_path: Path) -> None:
    """Another fleet in the same Prometheus, and hosts that were not selected, have alerts of their own."""
    loaded = load(ROOT / "docs/examples/web-fleet")
    hosts = hosts_of(loaded)
    fleet = f'fleet="{loaded.registry.fleet.name}"'
    some = build_rules(loaded, hosts[:2], 60).replace('\\"', '"')
    check_with_promtool(build_rules(loaded, hosts[:2], 60), tmp_path)
    series = re.compile(r"\bqtctl_[a-z_]+(\{[^}]*\})?")
    assert {each.partition(",host=~")[0] for each in series.findall(some)} == {f"{{{fleet}"}
    assert {",host=~" in each for each in series.findall(some)} == {True}
    assert f'(count(qtctl_host_reached{{{fleet},host=~"{hosts[0]}|{hosts[1]}"}}) or vector(0)) < 2' in some
    dashboard = json.loads(build_dashboard(loaded, hosts))
    exprs = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked = [*exprs, *(each["query"]["query"] for each in dashboard["templating"]["list"] if each["name"] == "host")]
    assert {each[: len(fleet) + 1] for text in asked for each in series.findall(text)} == {f"{{{fleet}"}


def test_findings_below_the_gate_alert_nobody(tmp_path: Path) -> None:
    for path, text in SMALL.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    policy = tmp_path / "policy.toml"
    policy.write_text('fail_on = "error"\n')
    text = build_rules(load(tmp_path), ("box",), 60)
    assert "QtctlFindingError" in text
    assert "QtctlFindingWarning" not in text


def test_the_dashboard_asks_only_what_is_measured(loaded: LoadedRegistry, tmp_path: Path) -> None:
    dashboard = json.loads(build_dashboard(loaded, hosts_of(loaded)))
    panels: list[dict[str, Any]] = dashboard["panels"]
    exprs = [target["expr"] for panel in panels for target in panel["targets"]]
    assert [each for each in exprs if list_wrong_names(each)] == []
    assert {name for each in exprs for name in NAME.findall(each)} >= {
        each.series for each in FAMILIES if each.name not in ("qtctl_round_failed", "qtctl_build_info")
    }
    records = [{"record": f"panel:{number}", "expr": each} for number, each in enumerate(exprs)]
    check_with_promtool(json.dumps({"groups": [{"name": "panels", "rules": records}]}), tmp_path)
    assert len({panel["id"] for panel in panels}) == len(panels)


def test_panels_do_not_overlap(loaded: LoadedRegistry) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(build_dashboard(loaded, hosts_of(loaded)))["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken
        assert at["x"] + at["w"] <= 24
        taken |= cells


def test_thresholds_keep_all_their_digits(tmp_path: Path) -> None:
    changes = {"max_lag = 10": "max_lag = 12345678", 'max_age = "60s"': 'max_age = "100001s"'}
    for path, text in reported.FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        changed = text
        for before, after in changes.items():
            changed = changed.replace(before, after)
        (tmp_path / path).write_text(changed)
    loaded = load(tmp_path)
    text = build_rules(loaded, hosts_of(loaded), 5)
    assert "> 12345678" in text
    assert "> 100001" in text
    assert [write_number(each) for each in (0, 10, 12345678, 0.5, 100001.0, 1234567.890001, 0.000001)] == [
        "0", "10", "12345678", "0.5", "100001", "1234567.890001", "0.000001"
    ]  # fmt: skip
