"""What units say about others, and what their escape hatch may contain."""

from collections.abc import Iterator

from qtctl.dialects.nearest import Known
from qtctl.dialects.paths import explain_trouble, has_control
from qtctl.dialects.systemd.directives import NEVER_EMPTIED, find_assignment_rule
from qtctl.dialects.systemd.exec_lines import read_commands
from qtctl.dialects.systemd.table.lookup import find_nearest, find_section, list_unit_sections, list_versions
from qtctl.dialects.systemd.unit_name import is_template, unescape
from qtctl.errors import InputError
from qtctl.model.key_values import is_said_exactly
from qtctl.model.names import Names, make_unit_name, names_unit
from qtctl.model.origin import Origin
from qtctl.model.registry import Registry
from qtctl.model.service import Service
from qtctl.model.unit_kinds import UnitKind
from qtctl.model.units import Dropin, Instanced, RawDirectives
from qtctl.model.vocabulary import KINDS, Form, Key, list_assignments, list_fields
from qtctl.registry.instances import check_instance_values, check_without_instances
from qtctl.rules.problem import Problem


def check_units(registry: Registry, names: Names) -> Iterator[Problem]:
    for kind in KINDS:
        for name, node in getattr(registry, kind).items():
            if node.state == "retired":
                continue
            origin = registry.origins[kind, name]
            yield from _check_raw_directives(kind, node.systemd, origin.at("systemd"))
            yield from _install(node, origin.at("install"))
            if isinstance(node, Instanced):
                yield from _check_instances(registry, kind, name, node, origin)
    for name, service in registry.services.items():
        yield from _check_service(registry, name, service)
    yield from _check_dropins(registry, names)
    for name, dropin in registry.dropins.items():
        if dropin.state != "retired":
            yield from _check_resets(dropin, registry.origins["dropins", name].at("resets"))


def _install(node: object, origin: Origin) -> Iterator[Problem]:
    install = getattr(node, "install", None)
    for key in ("alias", "also") if install else ():
        for name in getattr(install, key):
            if not names_unit(name):
                yield Problem(f"{name[:200]!r} is not the name of a unit", origin.at(key), "for example redis.service")


def _check_raw_directives(kind: str, hatch: RawDirectives, origin: Origin) -> Iterator[Problem]:
    known = list_fields(kind) if hatch else {}
    for section, directives in hatch.items():
        for directive, value in directives.items():
            key = known.get((section, directive))
            if key is not None and _can_say(key, value):
                what = f"[{section}] {directive}= has a key of its own: {'.'.join(key.path)}"
                yield Problem(what, origin.at(section, directive), "set it there")


def _can_say(key: Key, value: object) -> bool:
    """Whether the key can express the value: one that the key rejects but systemd may accept belongs in the hatch."""
    return key.form is Form.MARKED or is_said_exactly(
        key, tuple(text for _, text in list_assignments(key.directive, value))
    )


def _check_service(registry: Registry, name: str, service: Service) -> Iterator[Problem]:
    if service.state == "retired":
        return
    origin = registry.origins["services", name]
    yield from _check_lines(service, origin)
    yield from _check_template(registry, name, service, origin)
    if service.secrets and service.secrets.keys and not service.secrets.env_file:
        yield Problem(
            "secrets.keys, and no secrets.env_file that holds them", origin.at("secrets", "keys"), "name the file"
        )


def _check_lines(service: Service, origin: Origin) -> Iterator[Problem]:
    """Commands written as systemd reads them."""
    found = [(line, ("run", "lines")) for line in (service.run.lines if service.run else ())]
    for key in type(service.commands).model_fields:
        found += [(each, ("commands", key)) for each in getattr(service.commands, key) if isinstance(each, str)]
    for line, path in found:
        try:
            programs = [command.path for command in read_commands(line)]
        except InputError as error:
            yield Problem(
                f"{'.'.join(path)}: {error.what}", origin.at(*path), error.hint or "quote it in systemd's syntax"
            )
            continue
        for program in programs:
            if what := explain_trouble(program):
                where = f"{'.'.join(path)}: the program {program[:200]!r}"
                yield Problem(f"{where} {what}", origin.at(*path), "write its plain path")


def _check_template(registry: Registry, name: str, service: Service, origin: Origin) -> Iterator[Problem]:
    yield from _check_instances(registry, "services", name, service, origin)
    if is_template(make_unit_name(registry, "services", name)):
        yield from check_instance_values(service, service.specifiers is not False, origin)
    else:
        yield from check_without_instances(service, origin)


def _check_instances(
    registry: Registry, kind: str, name: str, node: Service | Instanced, origin: Origin
) -> Iterator[Problem]:
    """Invalid names of a template's instances, or instances of a unit that is not a template."""
    unit = make_unit_name(registry, kind, name)
    for own in node.instance:
        if own not in node.instances:
            what = f"instance.{own}: {own} is not among the instances"
            hint = Known(node.instances).suggest(own) or f'instances = ["{own}"] declares it'
            yield Problem(what, origin.at("instance", own), hint)
    if not is_template(unit):
        if node.instances:
            ending = f"its name ends in @.{UnitKind.of(unit)}"
            yield Problem(f"instances, but {unit} is not a template", origin.at("instances"), ending)
        return
    for each in node.instances:
        if what := _explain_unusable(each):
            yield Problem(f"instance {each[:200]!r}: {what}", origin.at("instances"), "choose another name")
    if len(set(node.instances)) < len(node.instances):
        yield Problem("an instance is declared twice", origin.at("instances"), "once each")


def _explain_unusable(instance: str) -> str:
    """Why an instance name cannot be unescaped (as %I is) into one line of text; '' if it can."""
    try:
        text = unescape(instance)
    except InputError as error:
        return error.what
    return "%I of it holds a control character" if has_control(text) else ""


def _check_dropins(registry: Registry, names: Names) -> Iterator[Problem]:
    own = {unit: kind for kind, _, unit in names.units if kind != "externals"}
    for name, dropin in registry.dropins.items():
        if dropin.state != "retired" and dropin.unit in own:
            origin = registry.origins["dropins", name].at("unit")
            yield Problem(
                f"{dropin.unit} is generated from {own[dropin.unit]}", origin, "set it there: no drop-in is needed"
            )


def _check_resets(dropin: Dropin, origin: Origin) -> Iterator[Problem]:
    for directive in dropin.resets:
        if find_section(dropin.unit, directive) is None:
            sections = list_unit_sections(dropin.unit)
            near = next(
                (name for each in sections if (name := find_nearest(each, directive, list_versions()[-1]))), None
            )
            what = f"resets names {directive}=, which systemd does not know in {dropin.unit}"
            hint = f"did you mean {near}=?" if near else f"it knows those of {', '.join(sections)}"
            yield Problem(what, origin, hint)
        elif find_assignment_rule(directive) in NEVER_EMPTIED:
            what = f"resets names {directive}=, which systemd does not reset by an empty assignment"
            yield Problem(what, origin, "remove it: a drop-in cannot undo what the unit sets")
