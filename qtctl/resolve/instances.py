"""A template and an instance name → the unit that a host has."""

from collections.abc import Iterable
from dataclasses import replace
from typing import TypedDict, TypeVar

from qtctl.dialects.systemd.specifiers import expand
from qtctl.dialects.systemd.unit_name import is_template, name_instance
from qtctl.meaning.socket_ports import list_socket_ports
from qtctl.meaning.unix_sockets import list_unix_sockets
from qtctl.model.desired import DesiredOther, DesiredService, DesiredTarget, DesiredTimer
from qtctl.model.desired_unit import Pairs, UnixListener
from qtctl.model.registry import Registry
from qtctl.model.service import OwnValues, Service
from qtctl.model.states import ServiceState
from qtctl.model.unit_kinds import UnitKind
from qtctl.model.units import Instanced
from qtctl.resolve.listeners import resolve_instance_listeners
from qtctl.resolve.units import is_enabled, must_be_active

U = TypeVar("U", DesiredTarget, DesiredTimer, DesiredOther)


def add_instances(registry: Registry, table: str, found: Iterable[U]) -> tuple[U, ...]:
    """The units of `table`; each template is followed by its declared instances."""
    every: list[U] = []
    for unit in found:
        every.append(unit)
        node = getattr(registry, table)[unit.name]
        if isinstance(node, Instanced) and unit.is_template:
            every += [_make_instance(unit, node, name) for name in node.instances]
    return tuple(every)


def _make_instance(template: U, node: Instanced, name: str) -> U:
    """As `make_instance`, for units other than services."""
    unit = name_instance(template.unit, name)
    own = replace(template, name=f"{template.name.removesuffix('@')}@{name}", unit=unit, template=template.unit)
    if is_template(own.starts):
        own = replace(own, starts=name_instance(own.starts, name))
    if name in node.instance:
        said = node.instance[name]
        state = node.state if said.state is None else said.state
        enabled = node.enabled if said.state is None else None
        own = replace(
            own,
            active=must_be_active(state),
            enabled=is_enabled(state, enabled if said.enabled is None else said.enabled),
        )
    return _expand_unit(own, node) if template.specifiers else own


def _expand_unit(own: U, node: Instanced) -> U:
    own = replace(own, summary=expand(own.summary, own.unit), starts=expand(own.starts, own.unit))
    if isinstance(own, DesiredTimer):
        return replace(own, schedule=_expand_pairs(own.schedule, own.unit))
    if isinstance(own, DesiredOther):
        settings = _expand_pairs(own.settings, own.unit)
        sockets = list_unix_sockets(settings, own.origin.at("listen"), specifiers=True)
        return replace(
            own,
            settings=settings,
            ports=list_socket_ports(node, own.origin, own.unit),
            unix_sockets=sockets if own.kind is UnitKind.SOCKET else (),
        )
    return own


def make_instance(template: DesiredService, declared: Service, name: str) -> DesiredService:
    """The instance, with the template's specifiers replaced as systemd would, as far as the name decides them.

    `declared` is the template as the registry has it, with the values that its instances set themselves.
    """
    said = declared.instance.get(name)
    own_name = f"{template.name.removesuffix('@')}@{name}"
    own = replace(
        template,
        name=own_name,
        unit=name_instance(template.unit, name),
        template=template.unit,
        **_resolve_state(template, said),
        ports=resolve_instance_listeners(declared, name, template.origin),
        env=_merge_env(template, said),
        unix_sockets=_list_sockets(template, name_instance(template.unit, name)),
        consumes=tuple(replace(each, service=own_name) for each in template.consumes),
    )
    if template.specifiers or template.lines:
        own = replace(own, loaded=tuple(tuple(expand(word, own.unit) for word in words) for words in own.loaded))
    return _expand_service(own) if template.specifiers else own


def _list_sockets(template: DesiredService, unit: str) -> tuple[UnixListener, ...]:
    """If a path of the template has %i, each instance has its own, whether or not the unit takes specifiers."""
    return tuple(replace(each, path=expand(each.path, unit)) for each in template.unix_sockets)


class _OwnState(TypedDict):
    state: ServiceState
    enabled: bool


def _resolve_state(template: DesiredService, said: OwnValues | None) -> _OwnState:
    """If an instance sets its state but not `enabled`, it is enabled as any service with that state."""
    if said is None or (said.state is None and said.enabled is None):
        return {"state": template.state, "enabled": template.enabled}
    state = said.state or template.state
    derived = template.enabled if said.state is None else state is ServiceState.RUNNING
    return {"state": state, "enabled": derived if said.enabled is None else said.enabled}


def _expand_service(service: DesiredService) -> DesiredService:
    unit = service.unit
    return replace(
        service,
        summary=expand(service.summary, unit),
        user=expand(service.user, unit),
        group=expand(service.group, unit),
        argv=tuple(expand(word, unit) for word in service.argv),
        working_directory=expand(service.working_directory, unit),
        syslog_identifier=expand(service.syslog_identifier, unit),
        entry_point=expand(service.entry_point, unit),
        env_file=expand(service.env_file, unit),
        secrets_file=expand(service.secrets_file, unit),
        sandbox=_expand_pairs(service.sandbox, unit),
        settings=_expand_pairs(service.settings, unit),
        commands=tuple(
            replace(each, argv=tuple(expand(word, unit) for word in each.argv)) for each in service.commands
        ),
        specifiers=False,
    )


def _merge_env(template: DesiredService, said: OwnValues | None) -> Pairs:
    return tuple(sorted({**dict(template.env), **said.env}.items())) if said is not None and said.env else template.env


def _expand_pairs(found: Pairs, unit: str) -> Pairs:
    return tuple((directive, expand(value, unit)) for directive, value in found)
