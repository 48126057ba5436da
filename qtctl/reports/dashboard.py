"""A Grafana dashboard for a fleet: one panel for each thing that qtctl measures, with the registry's thresholds."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from qtctl.model import measures
from qtctl.model.desired import Desired
from qtctl.model.measures import Family
from qtctl.reports.series import Scope

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
    scope = Scope(fleet)

    def select(family: Family, *matchers: str) -> str:
        return scope.select(family, 'host=~"$host"', *matchers)

    wrong = select(measures.VERDICT, 'verdict="not-as-declared"')
    unknown = select(measures.CHECKS, 'outcome="unknown"')
    counted = select(measures.FINDINGS, 'waived="no"')
    errors = select(measures.FINDINGS, 'waived="no"', 'severity="error"')
    down = select(measures.UNIT_STATE, 'declared=~"running|active"', 'state!="RUNNING"')
    return (
        Panel("Hosts", "stat", f"count({select(measures.REACHED)})", "hosts", width=4, height=4),
        Panel("Not reached", "stat", f"count({select(measures.REACHED)} == 0) or vector(0)", "hosts",
              width=4, height=4, limit=1),
        Panel("Not as declared", "stat", f"sum({wrong})", "hosts", width=4, height=4, limit=1),
        Panel("Errors", "stat", f"sum({errors}) or vector(0)", "findings", width=4, height=4, limit=1),
        Panel("Unknown checks", "stat", f"sum({unknown})", "checks", width=4, height=4, limit=1),
        Panel("Oldest audit", "stat", f"max(time() - {select(measures.AUDIT_TIME)})", "age", "s",
              width=4, height=4),
        Panel("Findings by severity", "timeseries", f"sum by (severity) ({counted})", "{{severity}}"),
        Panel("Findings by id", "table", f"sum by (host, id, severity) ({counted})", "", instant=True),
        Panel("Units that are not up", "table", down, "", instant=True),
        Panel("Restarts", "timeseries", f"increase({select(measures.UNIT_RESTARTS)}[10m]) > 0",
              "{{host}} {{unit}}"),
        Panel("Lag of consumer groups", "timeseries", select(measures.GROUP_LAG),
              "{{host}} {{stream}} / {{group}}", limit=_find_least(_list_lags(hosts))),
        Panel("Unacknowledged entries", "timeseries", select(measures.GROUP_PENDING),
              "{{host}} {{stream}} / {{group}}"),
        Panel("Age of streams", "timeseries", select(measures.STREAM_AGE), "{{host}} {{stream}}", "s",
              limit=_find_least(_list_ages(hosts))),
        Panel("Entries of streams", "timeseries", select(measures.STREAM_ENTRIES), "{{host}} {{stream}}"),
        Panel("Closed ports", "table", f"{select(measures.PORT)} == 0", "", instant=True),
        Panel("Broken venvs", "table", f"{select(measures.VENV)} == 0", "", instant=True),
        Panel("Time that an audit takes", "timeseries", select(measures.AUDIT_DURATION), "{{host}}", "s"),
        Panel("Dropped series", "timeseries", select(measures.DROPPED), "{{host}}"),
    )  # fmt: skip


def _list_lags(hosts: Sequence[Desired]) -> Iterator[float]:
    return (each.max_lag for host in hosts for service in host.services for each in service.consumes)


def _list_ages(hosts: Sequence[Desired]) -> Iterator[float]:
    return (key.max_age_us / 1e6 for host in hosts for key in host.keys if key.max_age_us is not None)


def _find_least(limits: Iterator[float]) -> float | None:
    return min(limits, default=None)


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
    query = f"label_values({Scope(fleet).select(measures.REACHED)}, host)"
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
