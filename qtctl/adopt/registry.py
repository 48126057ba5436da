"""Tables of units → the files of a registry: TOML texts by path, with everything that they refer to."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import tomli_w

from qtctl.adopt.adoption import GATE
from qtctl.adopt.claimed_ports import declare_ports
from qtctl.adopt.ledger import Ledger
from qtctl.adopt.merged_units import Original
from qtctl.adopt.outside import build_external
from qtctl.adopt.plan import Plan
from qtctl.adopt.tables import MODELS, Made
from qtctl.dialects.systemd.unit_name import TYPES, is_valid
from qtctl.errors import Place
from qtctl.meaning.units import is_up
from qtctl.model.adoption import UnitState
from qtctl.rules.registry.references import QT102

SSH = 22
_ENDINGS = tuple(f".{each}" for each in TYPES)
Table = dict[str, Any]
POLICY: Mapping[str, Any] = {"fail_on": GATE.value}


@dataclass(frozen=True, slots=True)
class HostFacts:
    """The host's entry in hosts.toml. `guessed`: keys whose values are guesses."""

    name: str
    address: str
    audit_user: str = "auditor"
    deploy_user: str = "root"
    memory: str = "4G"
    cpus: int = 2
    os: str = ""
    systemd: int = 252
    timezone: str = "Etc/UTC"
    ssh_port: int = SSH
    guessed: tuple[str, ...] = ()


def build_files(
    units: Iterable[Made], plan: Plan, outside: Mapping[str, Table], host: HostFacts, ledger: Ledger
) -> dict[str, Table]:
    """Path → document. Missing units that others name, and `outside`, become externals."""
    those = tuple(units)
    declare_ports(those, ledger)
    documents: dict[str, Table] = {
        "fleet.toml": build_fleet(plan, host),
        "hosts.toml": {host.name: build_hosts_entry(host)},
        "policy.toml": dict(POLICY),
    }
    for each in those:
        path = f"services/{each.name}.toml" if each.kind == "services" else f"{each.kind}.toml"
        table = order_keys(each.table, MODELS[each.kind].model_fields)
        if each.kind == "services":
            documents[path] = table
        else:
            documents.setdefault(path, {})[each.name] = table
    if plan.venvs:
        documents["venvs.toml"] = {name: {"path": path} for path, name in plan.venvs.items()}
    externals = {**dict(_list_missing(those, plan, ledger)), **outside}
    if externals:
        documents["externals.toml"] = externals
    return documents


def build_fleet(plan: Plan, host: HostFacts) -> Table:
    """Defaults that add nothing: each unit is complete in itself."""
    guessed = f" Guessed, to be corrected in hosts.toml: {', '.join(host.guessed)}." if host.guessed else ""
    return {
        "name": plan.fleet,
        "summary": f"Adopted from what was there.{guessed}",
        "unit_prefix": plan.prefix,
        "unit_patterns": list(plan.patterns),
        "env_dir": plan.env_dir,
        "defaults": {
            "user": "", "group": "", "type": "", "code": "/", "log": {"identifier": ""},
            "sandbox": {"profile": "none"},
        },
    }  # fmt: skip


def build_hosts_entry(host: HostFacts) -> Table:
    return {
        "address": host.address,
        **({"ssh_port": host.ssh_port} if host.ssh_port != SSH else {}),
        "audit_user": host.audit_user,
        "deploy_user": host.deploy_user,
        "memory": host.memory,
        "cpus": host.cpus,
        **({"os": host.os} if host.os else {}),
        "systemd": host.systemd,
        "timezone": host.timezone,
        **({"guessed": list(host.guessed)} if host.guessed else {}),
    }


def write_text(document: Mapping[str, Any]) -> str:
    return tomli_w.dumps(_put_tables_last(document), multiline_strings=True)


def order_keys(table: Table, keys: Iterable[str]) -> Table:
    """The table in the order of `keys`, which is that of the registry's own pages."""
    return {key: table[key] for key in keys if key in table}


def _put_tables_last(document: Mapping[str, Any]) -> dict[str, Any]:
    """Plain keys before tables, as TOML requires; otherwise in the order of the keys."""
    plain = {key: value for key, value in document.items() if not isinstance(value, Mapping)}
    tables = {key: _put_tables_last(value) for key, value in document.items() if isinstance(value, Mapping)}
    return {**plain, **tables}


def list_masked(masked: Iterable[Original], plan: Plan) -> Iterator[tuple[str, Table]]:
    for each in masked:
        state = plan.states.get(each.unit, UnitState())
        yield build_external(each.unit, "Masked: systemd refuses to start it.", state)


def _list_missing(units: Iterable[Made], plan: Plan, ledger: Ledger) -> Iterator[tuple[str, Table]]:
    """Units that look like the fleet's, are named by others, and were not adopted."""
    named: dict[str, list[Made]] = {}
    for each in units:
        for unit in _list_references(each.table):
            if is_valid(unit) and plan.is_unknown(unit):
                named.setdefault(unit, []).append(each)
    for unit, by in sorted(named.items()):
        who = ", ".join(dict.fromkeys(each.original.unit for each in by))
        first = by[0].original
        state = plan.states.get(unit, UnitState())
        what = f"is named by {who}, and is not among what was adopted: it was declared as an external"
        ledger.warn(QT102, unit, what, "adopt it too, or take the reference out", at=Place(first.path))
        gone = "it was not among what was adopted" if is_up(state.active) else "it was not there to be adopted"
        yield build_external(unit, f"Named by {who}; {gone}.", state)


def _list_references(table: Mapping[str, Any]) -> Iterator[str]:
    """All unit names in [order] and [install], and started units."""
    for section in ("order", "install"):
        for value in table.get(section, {}).values():
            yield from value if isinstance(value, list) else ()
    if isinstance(table.get("service"), str):
        yield table["service"]
