"""Rows of a compose project: its services, its ports and the names of its volumes."""

from collections.abc import Mapping
from typing import Any

from qtctl.dialects.compose.types import Compose
from qtctl.model.snapshot import Inventory, Row, RowKind, Scalar

_RESTART = {"always": "always", "unless-stopped": "always", "on-failure": "on-failure", "no": "no"}
"""Compose's policies as systemd writes them."""


def read_compose(compose: Compose, services: Mapping[str, Mapping[str, Any]]) -> Inventory:
    """`services`: the normalised values of each service. A compose file does not say what runs."""
    rows: dict[RowKind, dict[str, Row]] = {RowKind.SERVICE: {}, RowKind.PORT: {}, RowKind.LIMIT: {}}
    owners: dict[str, dict[str, set[str]]] = {}
    for each in compose.services:
        rows[RowKind.SERVICE][each.name] = _make_service_row(services.get(each.name, {}))
        rows[RowKind.LIMIT] |= _make_limit_rows(each.name, services.get(each.name, {}))
        for port in each.ports:
            number = str(port.published) if port.published is not None else port.raw
            row = owners.setdefault(f"{number}/{port.protocol}", {"service": set(), "address": set()})
            row["service"].add(each.name)
            row["address"].add(port.host_ip or "0.0.0.0")  # noqa: S104 - what Docker binds
    rows[RowKind.PORT] = {
        name: {key: ", ".join(sorted(those)) for key, those in row.items()} for name, row in owners.items()
    }
    return Inventory(rows, frozenset(rows), sparse=True)


def _make_service_row(said: Mapping[str, Any]) -> Row:
    row: dict[str, Scalar] = {"runs_in": "docker"}
    for key in ("image", "restart"):
        if isinstance(said.get(key), str) and said[key]:
            row[key] = said[key]
    return row


def _make_limit_rows(name: str, said: Mapping[str, Any]) -> dict[str, Row]:
    """As systemd would write them, so that the same limit is the same text."""
    resources = ((said.get("deploy") or {}).get("resources") or {}).get("limits") or {}
    memory, cpus = resources.get("memory") or said.get("mem_limit"), resources.get("cpus") or said.get("cpus")
    values = {
        "MemoryMax": _format_size(memory),
        "CPUQuota": f"{float(str(cpus)) * 100:g}%" if _is_number(cpus) else "",
        "Restart": _RESTART.get(str(said.get("restart", "")).partition(":")[0], ""),
    }
    return {f"{name} {key}": {"value": value, "service": name} for key, value in values.items() if value}


def _format_size(value: object) -> str:
    if not _is_number(value):
        return ""
    count = int(float(str(value)))
    for suffix, factor in (("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10)):
        if count and count % factor == 0:
            return f"{count // factor}{suffix}"
    return str(count)


def _is_number(value: object) -> bool:
    try:
        return bool(value) and 0 < float(str(value)) < 2**63
    except ValueError:
        return False
