"""Declared units that are not services → what a host must have."""

from collections.abc import Iterable, Mapping

from qtctl.dialects.systemd.table.lookup import find_section
from qtctl.meaning.socket_ports import list_socket_ports
from qtctl.meaning.unix_sockets import list_unix_sockets
from qtctl.model.desired import DesiredDropin, DesiredOther, DesiredTarget, DesiredTimer
from qtctl.model.desired_unit import Pairs
from qtctl.model.names import UNIT_DIR, Names, make_unit_name
from qtctl.model.registry import Registry
from qtctl.model.unit_kinds import DECLARED_IN, UnitKind
from qtctl.model.units import LISTENS, Dropin, Unit
from qtctl.resolve.settings import (
    install_of,
    list_further_sections,
    list_pairs,
    list_raw_directives,
    list_unit_settings,
    order_of,
)


def resolve_target(registry: Registry, names: Names, name: str) -> DesiredTarget:
    node = registry.targets[name]
    order = order_of(names, node.order)
    parent = make_unit_name(registry, "targets", node.within) if node.within else ""
    if parent:
        order["part_of"] = tuple(dict.fromkeys((*order["part_of"], parent)))
    wanted_by, install = install_of(names, node.install, (parent,) if parent else DECLARED_IN["targets"].wanted_by)
    return DesiredTarget(
        name=name,
        unit=make_unit_name(registry, "targets", name),
        summary=node.summary,
        active=must_be_active(node.state),
        enabled=is_enabled(node.state, node.enabled),
        wanted_by=wanted_by,
        origin=registry.origins["targets", name],
        unit_settings=list_unit_settings(names, node),
        install=(*install, *list_raw_directives(node.systemd, "Install")),
        extra=list_further_sections(node.systemd, ("Unit", "Install")),
        specifiers=node.specifiers,
        **order,
    )


def resolve_timer(registry: Registry, names: Names, name: str) -> DesiredTimer:
    node = registry.timers[name]
    wanted_by, install = install_of(names, node.install, DECLARED_IN["timers"].wanted_by)
    return DesiredTimer(
        name=name,
        unit=make_unit_name(registry, "timers", name),
        summary=node.summary,
        starts=names.get_started(node.service),
        schedule=(*list_pairs(node), *list_raw_directives(node.systemd, "Timer")),
        active=must_be_active(node.state),
        enabled=is_enabled(node.state, node.enabled),
        wanted_by=wanted_by,
        origin=registry.origins["timers", name],
        unit_settings=list_unit_settings(names, node),
        install=(*install, *list_raw_directives(node.systemd, "Install")),
        extra=list_further_sections(node.systemd, ("Unit", "Timer", "Install")),
        specifiers=node.specifiers,
        **order_of(names, node.order),
    )


def resolve_other_unit(registry: Registry, names: Names, table: str, name: str) -> DesiredOther:
    """A socket, path, slice, mount, automount or swap."""
    node, declaration = getattr(registry, table)[name], DECLARED_IN[table]
    section = declaration.kind.section
    wanted_by, install = install_of(names, node.install, declaration.wanted_by)
    limits = list_pairs(node.limits) if hasattr(node, "limits") else ()
    starts = getattr(node, "service", None)
    settings = (*_list_listens(node), *list_pairs(node), *limits, *list_raw_directives(node.systemd, section))
    origin = registry.origins[table, name]
    specifiers = node.specifiers is not False
    sockets = list_unix_sockets(settings, origin.at("listen"), specifiers=specifiers)
    return DesiredOther(
        name=name,
        unit=make_unit_name(registry, table, name),
        section=section,
        summary=node.summary,
        starts=names.get_started(starts) if starts else "",
        settings=settings,
        active=must_be_active(node.state),
        enabled=is_enabled(node.state, node.enabled),
        wanted_by=wanted_by,
        origin=registry.origins[table, name],
        ports=list_socket_ports(node, origin),
        unix_sockets=sockets if declaration.kind is UnitKind.SOCKET else (),
        unit_settings=list_unit_settings(names, node),
        install=(*install, *list_raw_directives(node.systemd, "Install")),
        extra=list_further_sections(node.systemd, ("Unit", section, "Install")),
        specifiers=node.specifiers,
        **order_of(names, node.order),
    )


def must_be_active(state: str) -> bool | None:
    """None if something else starts and stops it."""
    return {"active": True, "stopped": False}.get(state)


def is_enabled(state: str, said: bool | None) -> bool:
    """By default, a unit is enabled if its state is active."""
    return state == "active" if said is None else said


def _list_listens(node: Unit) -> Pairs:
    items = (each.partition(" ") for each in getattr(node, "listen", ()))
    return tuple((LISTENS[word], address) for word, _, address in items)


def resolve_dropin(registry: Registry, names: Names, name: str) -> DesiredDropin:
    node = registry.dropins[name]
    order = tuple((directive, unit) for directive, each in list_pairs(node.order) for unit in names.all_units(each))
    said: dict[str, Pairs] = {
        "Unit": (
            *order,
            *list_pairs(node.conditions),
            *list_raw_directives(node.systemd, "Unit"),
            *list_pairs(node.restart, section="Unit"),
        )
    }
    own = _find_section(node)
    said[own] = (*said.get(own, ()), *(pair for part in _PARTS for pair in list_pairs(getattr(node, part))))
    if own != "Unit":
        said[own] += list_raw_directives(node.systemd, own)
    said |= list_further_sections(node.systemd, said)
    resets = [(find_section(node.unit, directive), directive) for directive in node.resets]
    sections = {
        section: (*_list_resets(resets, section), *said.get(section, ())) for section in _list_sections(said, resets)
    }
    return DesiredDropin(
        name=name,
        unit=node.unit,
        path=f"{UNIT_DIR}/{node.unit}.d/{node.priority:02}-{name}.conf",
        sections=tuple((section, found) for section, found in sections.items() if found),
        unit_env=tuple(node.unit_env.items()),
        origin=registry.origins["dropins", name],
        specifiers=node.specifiers,
    )


def _list_sections(said: Mapping[str, Pairs], resets: Iterable[tuple[str | None, str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*said, *(section for section, _ in resets if section))))


def _list_resets(resets: Iterable[tuple[str | None, str]], section: str) -> Pairs:
    """Empty assignments. They come first, because one may reset several directives."""
    return tuple((directive, "") for home, directive in resets if home == section)


_PARTS = ("restart", "limits", "timeouts", "kill", "directories", "log", "scheduling", "sandbox")


def _find_section(node: Dropin) -> str:
    suffix = node.unit.rpartition(".")[2]
    return {"target": "Unit"}.get(suffix, suffix.capitalize())
