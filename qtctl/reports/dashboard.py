"""A Grafana dashboard for a fleet: one panel for each thing that qtctl measures, with the registry's thresholds."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from qtctl.model import measures
from qtctl.model.desired import Desired

SCHEMA = 38
"""Of Grafana 10; later ones convert it when it is loaded."""
COLUMNS = 24


@dataclass(frozen=True, slots=True)
class Panel:
    """`kind`: Grafana's type. `limit`: a line that good values stay below, None for no line."""

    title: str
    kind: str
    expr: str
    legend: str
    unit: str = "short"
    width: int = 12
    height: int = 8
    limit: float | None = None
    instant: bool = False


def list_panels(hosts: Sequence[Desired], fleet: str) -> tuple[Panel, ...]:
    own = f'{_match_fleet(fleet)},host=~"$host"'
    state = measures.UNIT_STATE.series
    gate = f'{own},waived="no"'
    return (
        Panel("Hosts", "stat", f"count({measures.REACHED.series}{{{own}}})", "hosts", width=4, height=4),
        Panel("Not reached", "stat", f"count({measures.REACHED.series}{{{own}}} == 0) or vector(0)", "hosts",
              width=4, height=4, limit=1),
        Panel("Not as declared", "stat",
              f'sum({measures.VERDICT.series}{{{own},verdict="not-as-declared"}})', "hosts",
              width=4, height=4, limit=1),
        Panel("Errors", "stat", f'sum({measures.FINDINGS.series}{{{gate},severity="error"}}) or vector(0)', "findings",
              width=4, height=4, limit=1),
        Panel("Unknown checks", "stat", f'sum({measures.CHECKS.series}{{{own},outcome="unknown"}})', "checks",
              width=4, height=4, limit=1),
        Panel("Oldest audit", "stat", f"max(time() - {measures.AUDIT_TIME.series}{{{own}}})", "age", "s",
              width=4, height=4),
        Panel("Findings by severity", "timeseries", f"sum by (severity) ({measures.FINDINGS.series}{{{gate}}})",
              "{{severity}}"),
        Panel("Findings by id", "table", f"sum by (host, id, severity) ({measures.FINDINGS.series}{{{gate}}})", "",
              instant=True),
        Panel("Units that are not up", "table", f'{state}{{{own},declared=~"running|active",state!="RUNNING"}}', "",
              instant=True),
        Panel("Restarts", "timeseries", f"increase({measures.UNIT_RESTARTS.series}{{{own}}}[10m]) > 0",
              "{{host}} {{unit}}"),
        Panel("Lag of consumer groups", "timeseries", f"{measures.GROUP_LAG.series}{{{own}}}",
              "{{host}} {{stream}} / {{group}}", limit=_find_least(_list_lags(hosts))),
        Panel("Unacknowledged entries", "timeseries", f"{measures.GROUP_PENDING.series}{{{own}}}",
              "{{host}} {{stream}} / {{group}}"),
        Panel("Age of streams", "timeseries", f"{measures.STREAM_AGE.series}{{{own}}}", "{{host}} {{stream}}", "s",
              limit=_find_least(_list_ages(hosts))),
        Panel("Entries of streams", "timeseries", f"{measures.STREAM_ENTRIES.series}{{{own}}}", "{{host}} {{stream}}"),
        Panel("Closed ports", "table", f"{measures.PORT.series}{{{own}}} == 0", "", instant=True),
        Panel("Broken venvs", "table", f"{measures.VENV.series}{{{own}}} == 0", "", instant=True),
        Panel("Time that an audit takes", "timeseries", f"{measures.AUDIT_DURATION.series}{{{own}}}", "{{host}}", "s"),
        Panel("Dropped series", "timeseries", f"{measures.DROPPED.series}{{{own}}}", "{{host}}"),
    )  # fmt: skip


def _list_lags(hosts: Sequence[Desired]) -> Iterator[float]:
    return (each.max_lag for host in hosts for service in host.services for each in service.consumes)


def _list_ages(hosts: Sequence[Desired]) -> Iterator[float]:
    return (key.max_age_us / 1e6 for host in hosts for key in host.keys if key.max_age_us is not None)


def _find_least(limits: Iterator[float]) -> float | None:
    return min(limits, default=None)


def _match_fleet(fleet: str) -> str:
    """Strings of PromQL have the escapes of Go: those of JSON are among them."""
    return f"fleet={json.dumps(fleet, ensure_ascii=False)}"


def write_dashboard(hosts: Sequence[Desired], fleet: str) -> str:
    """As Grafana imports it. The same registry gives the same identifier, so a later import replaces it."""
    panels = list_panels(hosts, fleet)
    document = {
        "uid": sha256(fleet.encode()).hexdigest()[:12],
        "title": f"qtctl: {fleet}",
        "tags": ["qtctl"],
        "schemaVersion": SCHEMA,
        "version": 1,
        "editable": True,
        "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [_make_source(), _make_host_variable(fleet)]},
        "panels": [
            _make_panel(number, each, place)
            for number, (each, place) in enumerate(zip(panels, _list_places(panels), strict=True), 1)
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _make_source() -> dict[str, Any]:
    return {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}


def _make_host_variable(fleet: str) -> dict[str, Any]:
    query = f"label_values({measures.REACHED.series}{{{_match_fleet(fleet)}}}, host)"
    return {
        "name": "host",
        "label": "Host",
        "type": "query",
        "datasource": {"type": "prometheus", "uid": "${source}"},
        "query": {"query": query, "refId": "hosts"},
        "refresh": 2,
        "multi": True,
        "includeAll": True,
        "allValue": ".+",
        "current": {"text": "All", "value": "$__all"},
    }


def _list_places(panels: Sequence[Panel]) -> Iterator[dict[str, int]]:
    """From left to right, as many in a row as fit."""
    x = y = 0
    for each in panels:
        if x + each.width > COLUMNS:
            x = 0
        yield {"x": x, "y": y, "w": each.width, "h": each.height}
        x += each.width
        if x >= COLUMNS:
            x, y = 0, y + each.height


def _make_panel(number: int, panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    target = {"refId": "A", "expr": panel.expr, "legendFormat": panel.legend, "instant": panel.instant}
    if panel.instant:
        target["format"] = "table"
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if panel.limit is not None:
        steps.append({"color": "red", "value": panel.limit})
    custom = {"thresholdsStyle": {"mode": "line"}} if panel.limit is not None and panel.kind == "timeseries" else {}
    return {
        "id": number,
        "title": panel.title,
        "type": panel.kind,
        "gridPos": place,
        "datasource": {"type": "prometheus", "uid": "${source}"},
        "targets": [target],
        "fieldConfig": {
            "defaults": {"unit": panel.unit, "thresholds": {"mode": "absolute", "steps": steps}, "custom": custom},
            "overrides": [],
        },
    }
