"""A look at a host, its registry and what was found → the parts of a snapshot, without any secret."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from qtctl.dialects.systemd.unit_name import strip_type
from qtctl.findings.finding import Finding, Outcome
from qtctl.history.declared_rows import list_declared, list_findings
from qtctl.history.masking import find_literals, hide, hide_text
from qtctl.history.module_rows import read_modules
from qtctl.model.desired import Desired
from qtctl.model.evidence import Evidence, Item, Need
from qtctl.model.facts import UnitListing
from qtctl.model.registry import Legacy
from qtctl.model.snapshot import Inventory, RowKind, Rows


def build_inventory(
    desired: Desired,
    evidence: Evidence,
    modules: Mapping[str, Any],
    findings: Sequence[Finding],
    qtctl_version: str,
) -> Inventory:
    """`modules`: the module registry of the same evidence, as its JSON has it: so both agree in every number."""
    literals = find_literals(desired)
    seen = read_modules(modules, "module registry")
    rows: dict[RowKind, Rows] = {**seen.rows, **list_declared(desired, literals)}
    rows[RowKind.FINDING] = list_findings(findings)
    rows[RowKind.VERSION] = {**seen.of(RowKind.VERSION), **_make_version_rows(desired, qtctl_version)}
    unlisted = frozenset() if _are_units_listed(evidence) else frozenset({RowKind.SERVICE, RowKind.UNIT})
    hidden = {kind: hide(each, literals) for kind, each in rows.items()}
    return Inventory(hidden, frozenset(rows), seen.partial | unlisted)


def _are_units_listed(evidence: Evidence) -> bool:
    listing = Need(UnitListing.FACT, "*")
    return any(each.need == listing and each.state.known for each in evidence.items)


def _make_version_rows(desired: Desired, qtctl_version: str) -> Rows:
    said = {"qtctl": qtctl_version} | {f"code {each.name}": each.commit for each in desired.installs if each.commit}
    return {name: {"version": version} for name, version in said.items()}


def hide_evidence(desired: Desired, evidence: Evidence) -> Evidence:
    """The evidence, as it may be stored: it is judged as before, unless it contained a secret."""
    literals = find_literals(desired)
    items = tuple(_hide_item(each, literals) for each in evidence.items)
    asks = tuple(
        replace(each, argv=tuple(hide(each.argv, literals, "argv")), again=hide(each.again, literals))
        for each in evidence.asks
    )
    return replace(evidence, items=items, asks=asks)


def _hide_item(item: Item, literals: Collection[str]) -> Item:
    texts = {name: hide(getattr(item, name), literals) for name in ("subject", "reason", "again", "line", "help")}
    return replace(item, value=hide(item.value, literals), **texts)


def hide_files(desired: Desired, files: Mapping[str, bytes]) -> dict[str, str]:
    """The registry's files by path, with whatever looks like a secret hidden."""
    literals = find_literals(desired)
    return {path: hide_text(content.decode(errors="replace"), literals) for path, content in sorted(files.items())}


def count_checks(findings: Iterable[Finding]) -> Mapping[str, int]:
    counted = Counter(each.outcome for each in findings)
    return {outcome.value: counted[outcome] for outcome in Outcome}


def list_moves(legacies: Iterable[Legacy], desired: Desired) -> Mapping[str, tuple[str, ...]]:
    """Compose service → the services that took over from it."""
    units = {each.name: strip_type(each.unit) for each in desired.units()}
    found: dict[str, tuple[str, ...]] = {}
    for legacy in legacies:
        for service, disposition in legacy.services.items():
            to = tuple(units[name] for name in disposition.to if name in units)
            if to:
                found[service] = to
    return found
