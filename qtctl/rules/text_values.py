"""All texts of the registry that programs get or that describe them, each with its place."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from qtctl.dialects.systemd.splitting import Escapes, split
from qtctl.dialects.systemd.unitfile import Line
from qtctl.errors import InputError, Place
from qtctl.model.origin import Origin
from qtctl.model.registry import Registry
from qtctl.model.service import Run, Service
from qtctl.model.states import ServiceState
from qtctl.rules.locate import find_spot
from qtctl.rules.view import Unit, View


class Sort(Enum):
    ENV = "environment"
    ARGUMENT = "argument"
    PATH = "path"
    PROSE = "prose"
    ORDER = "order"


@dataclass(frozen=True, slots=True)
class Text:
    """`key` is what may be shown of it; `value` is never shown.

    `name` is its key as a name: for an argument, its option.
    """

    subject: str
    sort: Sort
    key: str
    name: str
    value: str
    at: Origin | Place


@dataclass(frozen=True, slots=True)
class CommandText:
    """A command, the program first. `keys`: what may be shown of each word, "" if the word is in no key as it is."""

    subject: str
    keys: tuple[str, ...]
    words: tuple[str, ...]
    at: Origin


def list_declared_commands(registry: Registry) -> Iterator[CommandText]:
    """Those of all services that are not retired, whichever form a command is written in."""
    for name, service in registry.services.items():
        if service.state is not ServiceState.RETIRED:
            yield from _list_commands(name, service, registry.origins["services", name])


def list_declared_texts(registry: Registry) -> Iterator[Text]:
    """Those of the defaults, of all services that are not retired, and of the venvs that are present."""
    defaults = Origin("fleet.toml", ("defaults",))
    fleet = registry.fleet.defaults
    yield from _list_env_texts("defaults", fleet.env, defaults)
    yield Text("defaults", Sort.PATH, "code", "code", fleet.code, defaults.at("code"))
    for name, service in registry.services.items():
        yield from _list_prose(name, service, registry.origins["services", name])
        if service.state is not ServiceState.RETIRED:
            yield from _list_service_texts(name, service, registry.origins["services", name])
    for name, venv in registry.venvs.items():
        if venv.state == "present":
            yield Text(name, Sort.PATH, "path", "path", venv.path, registry.origins["venvs", name].at("path"))


def list_rendered_texts(view: View) -> Iterator[Text]:
    """Environment= of rendered units: only a user's own template writes any."""
    for unit in view.units:
        for line in unit.parsed.directives:
            if line.key == "Environment":
                yield from _list_assignments(view, unit, line)


def _list_assignments(view: View, unit: Unit, line: Line) -> Iterator[Text]:
    try:
        words = split(line.value, Escapes.C)
    except InputError:
        return
    for word in words:
        name, equals, value = word.partition("=")
        if equals:
            yield Text(unit.subject, Sort.ENV, f"Environment {name}", name, value, find_spot(view, unit, line))


def _list_service_texts(name: str, service: Service, origin: Origin) -> Iterator[Text]:
    yield from _list_own_env_texts(name, service, origin)
    if service.run is not None:
        yield from _run(name, service.run, origin.at("run"))
    for command in _list_commands(name, service, origin):
        yield from _list_arguments(command)
    for key in ("after", "wants", "requires", "binds_to", "part_of"):
        for other in getattr(service.order, key):
            yield Text(name, Sort.ORDER, f"order.{key}", key, other, origin.at("order", key))
    for key in ("read_write_paths", "read_only_paths"):
        for path in getattr(service.sandbox, key):
            yield Text(name, Sort.PATH, f"sandbox.{key}", key, path, origin.at("sandbox", key))


def _list_own_env_texts(name: str, service: Service, origin: Origin) -> Iterator[Text]:
    """Those of the service, and of its tables for hosts, tags and instances."""
    yield from _list_env_texts(name, service.env, origin)
    for key, values in service.on.items():
        yield from _list_env_texts(name, values.env, origin.at("on", key))
    for key, own in service.instance.items():
        yield from _list_env_texts(name, own.env, origin.at("instance", key))


def _list_env_texts(subject: str, env: dict[str, str], origin: Origin) -> Iterator[Text]:
    for key, value in env.items():
        yield Text(subject, Sort.ENV, f"env.{key}", key, value, origin.at("env", key))


def _run(subject: str, run: Run, origin: Origin) -> Iterator[Text]:
    for key in ("code", "cwd", "script", "python"):
        value = getattr(run, key)
        if value:
            yield Text(subject, Sort.PATH, f"run.{key}", key, value, origin.at(key))


def _list_commands(subject: str, service: Service, origin: Origin) -> Iterator[CommandText]:
    if service.run is not None:
        yield from _run_commands(subject, service.run, origin.at("run"))
    for key in type(service.commands).model_fields:
        for number, command in enumerate(getattr(service.commands, key)):
            yield _make_command(subject, f"commands.{key}[{number}]", command, origin.at("commands", key))


def _run_commands(subject: str, run: Run, origin: Origin) -> Iterator[CommandText]:
    keys = tuple(f"run.{key}[{number}]" for key in ("argv", "args") for number in range(len(getattr(run, key))))
    words = (*run.argv, *run.args)
    if not run.argv:
        keys, words = ("", *keys), (run.module or run.script or run.app or "", *words)
    yield CommandText(subject, keys, words, origin.at("argv" if run.argv else "args"))
    for number, line in enumerate(run.lines):
        yield _make_command(subject, f"run.lines[{number}]", line, origin.at("lines"))


def _make_command(subject: str, key: str, command: tuple[str, ...] | str, origin: Origin) -> CommandText:
    words = split_command(command) if isinstance(command, str) else command
    return CommandText(subject, tuple(f"{key}[{number}]" for number in range(len(words))), words, origin)


def split_command(line: str) -> tuple[str, ...]:
    """The words of a command line as systemd splits it; if systemd cannot split it, split at white space."""
    try:
        return split(line, Escapes.C_RELAXED)
    except InputError:
        return tuple(line.split())


def _list_arguments(command: CommandText) -> Iterator[Text]:
    option = ""
    for shown, argument in zip(command.keys, command.words, strict=True):
        head, equals, value = argument.partition("=")
        if not shown:
            continue
        if argument.startswith("-") and equals:
            yield Text(command.subject, Sort.ARGUMENT, f"{shown} ({head})", head, value, command.at)
        else:
            yield Text(command.subject, Sort.ARGUMENT, shown, option, argument, command.at)
        option = argument if argument.startswith("-") and not equals else ""


def _list_prose(subject: str, service: Service, origin: Origin) -> Iterator[Text]:
    for key in ("summary", "why", "notes"):
        value = getattr(service, key)
        if value:
            yield Text(subject, Sort.PROSE, key, key, value, origin.at(key))
