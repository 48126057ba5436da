"""What a registry and evidence say about a host, in the form in which claims of a document are compared with it."""

from collections.abc import Iterable

from qtctl.claims.wording import normalise_name
from qtctl.dialects.systemd.unit_name import strip_type
from qtctl.model.claims import Ground, Known, KnownUnit
from qtctl.model.desired import Desired
from qtctl.model.states import KeyType
from qtctl.reports.categories import Category
from qtctl.reports.module_registry import RegistryReport

_GONE = ("retired", "undeclared")


def make_known_of_registry(desired: Desired) -> Known:
    """Without evidence: what is declared for the host."""
    venvs = {each.path: each.name for each in desired.venvs}
    units = [
        KnownUnit(
            strip_type(each.unit),
            "service",
            ports=tuple(port.port for port in each.ports),
            venv=venvs.get(each.venv, ""),
        )
        for each in desired.services
    ]
    ports: dict[int, tuple[str, ...]] = {}
    for unit in units:
        for port in unit.ports:
            ports[port] = (*ports.get(port, ()), unit.name)
    streams = [each.name for each in desired.keys if each.type is KeyType.STREAM]
    return Known(
        host=desired.host,
        ground=Ground.REGISTRY,
        units={normalise_name(each.name): each for each in units},
        counts={
            "service": (len(units),), "unit": (len([*desired.units()]), len(units)), "timer": (len(desired.timers),),
            "target": (len(desired.targets),), "venv": (len(desired.venvs),), "stream": (len(streams),),
            "port": (len(ports), sum(map(len, ports.values()))),
        },
        ports=ports,
        lengths=dict.fromkeys(streams),
        venvs=dict.fromkeys((each.name for each in desired.venvs), ""),
    )  # fmt: skip


def make_known_of_report(desired: Desired, report: RegistryReport) -> Known:
    """With evidence: the module registry of the same evidence, so that both agree in every number."""
    declared = make_known_of_registry(desired)
    units = {}
    for each in report.modules:
        ports = tuple(row.port for row in report.ports if row.unit == each.unit)
        units[normalise_name(each.name)] = KnownUnit(
            each.name, "service", each.category.value, ports, each.runtime.venv or "", each.proof_line
        )
    running = sum(each.category is Category.RUNNING for each in report.modules)
    unseen = any(each.category is Category.UNKNOWN for each in report.modules)
    there = [each for each in report.modules if each.declared not in _GONE]
    seen = sum(each.state.known for each in report.streams)
    counts = {
        **declared.counts,
        "service": _drop_repeats((len(there), len(report.modules), *declared.counts["service"])),
        **({} if unseen else {"running": (running,)}),
        "timer": _drop_repeats((len(report.timers),)),
        "target": _drop_repeats((len(report.targets),)),
        "stream": _drop_repeats((len(report.streams), seen)),
    }
    return Known(
        host=report.host,
        ground=Ground.EVIDENCE,
        taken_at=report.generated_at,
        units=units,
        counts=counts,
        ports=declared.ports,
        lengths={each.name: each.length for each in report.streams},
        venvs={each.name: each.status for each in report.venvs},
        versions=_list_versions(report),
    )


def _list_versions(report: RegistryReport) -> dict[str, str]:
    host, stores = report.infrastructure.host.value, report.infrastructure.stores
    found = {"os": host.os, "kernel": host.kernel, "systemd": host.systemd} if host is not None else {}
    known = {each.version for each in stores if each.version}
    if len(known) == 1:
        found["redis"] = known.pop()
    return {name: version for name, version in found.items() if version}


def _drop_repeats(numbers: Iterable[int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(numbers))
