"""A template service and the name of an instance → the service that runs."""

from dataclasses import replace
from typing import TypedDict

from qtctl.dialects.systemd.specifiers import expand
from qtctl.dialects.systemd.unit_name import name_instance
from qtctl.model.desired import DesiredService
from qtctl.model.desired_unit import Pairs, UnixListener
from qtctl.model.service import OwnValues, Service
from qtctl.model.states import ServiceState
from qtctl.resolve.listeners import resolve_instance_listeners


def make_instance(template: DesiredService, declared: Service, name: str) -> DesiredService:
    """The instance: its values are what systemd makes of the template's specifiers, where its name decides them.

    `declared` is the template as the registry has it, with what its instances have of their own.
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
    """Where paths of a template have %i, each instance has its own, whether the unit takes specifiers or not."""
    return tuple(replace(each, path=expand(each.path, unit)) for each in template.unix_sockets)


class _OwnState(TypedDict):
    state: ServiceState
    enabled: bool


def _resolve_state(template: DesiredService, said: OwnValues | None) -> _OwnState:
    """An instance that says its state and not whether it is enabled is enabled as a service of that state is."""
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
