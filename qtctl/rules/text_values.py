"""Everything that the registry hands to programs or says of them, as single texts with their place."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from qtctl.dialects.systemd.splitting import Escapes, split
from qtctl.dialects.systemd.unitfile import Line
from qtctl.errors import InputError, Place
from qtctl.model.origin import Origin
from qtctl.model.registry import Registry, Run, Service
from qtctl.model.states import ServiceState
from qtctl.rules.locate import spot
from qtctl.rules.view import Unit, View


class Sort(Enum):
    ENV = "environment"
    ARGUMENT = "argument"
    PATH = "path"
    PROSE = "prose"
    ORDER = "order"


@dataclass(frozen=True, slots=True)
class Text:
    """`key` is what may be shown of it; `value` never is. `name` is its key as a name: of an argument, its option."""

    subject: str
    sort: Sort
    key: str
    name: str
    value: str
    at: Origin | Place


def declared_texts(registry: Registry) -> Iterator[Text]:
    """Of the defaults, all services that are not retired, and the venvs that are present."""
    defaults = Origin("fleet.toml", ("defaults",))
    fleet = registry.fleet.defaults
    yield from _env("defaults", fleet.env, defaults)
    yield Text("defaults", Sort.PATH, "code", "code", fleet.code, defaults.at("code"))
    for name, service in registry.services.items():
        yield from _prose(name, service, registry.origins["services", name])
        if service.state is not ServiceState.RETIRED:
            yield from _service(name, service, registry.origins["services", name])
    for name, venv in registry.venvs.items():
        if venv.state == "present":
            yield Text(name, Sort.PATH, "path", "path", venv.path, registry.origins["venvs", name].at("path"))


def rendered_texts(view: View) -> Iterator[Text]:
    """Environment= of rendered units: only a user's own template writes any."""
    for unit in view.units:
        for line in unit.parsed.directives:
            if line.key == "Environment":
                yield from _assignments(view, unit, line)


def _assignments(view: View, unit: Unit, line: Line) -> Iterator[Text]:
    try:
        words = split(line.value, Escapes.C)
    except InputError:
        return
    for word in words:
        name, equals, value = word.partition("=")
        if equals:
            yield Text(unit.subject, Sort.ENV, f"Environment {name}", name, value, spot(view, unit, line))


def _service(name: str, service: Service, origin: Origin) -> Iterator[Text]:
    yield from _env(name, service.env, origin)
    if service.run is not None:
        yield from _run(name, service.run, origin.at("run"))
    for key in type(service.commands).model_fields:
        for number, argv in enumerate(getattr(service.commands, key)):
            yield from _arguments(name, f"commands.{key}[{number}]", argv, origin.at("commands", key))
    for key in ("after", "wants", "requires", "binds_to", "part_of"):
        for other in getattr(service.order, key):
            yield Text(name, Sort.ORDER, f"order.{key}", key, other, origin.at("order", key))
    for key in ("read_write_paths", "read_only_paths"):
        for path in getattr(service.sandbox, key):
            yield Text(name, Sort.PATH, f"sandbox.{key}", key, path, origin.at("sandbox", key))


def _env(subject: str, env: dict[str, str], origin: Origin) -> Iterator[Text]:
    for key, value in env.items():
        yield Text(subject, Sort.ENV, f"env.{key}", key, value, origin.at("env", key))


def _run(subject: str, run: Run, origin: Origin) -> Iterator[Text]:
    for key in ("code", "cwd", "script", "python"):
        value = getattr(run, key)
        if value:
            yield Text(subject, Sort.PATH, f"run.{key}", key, value, origin.at(key))
    for key in ("argv", "args"):
        yield from _arguments(subject, f"run.{key}", getattr(run, key), origin.at(key))


def _arguments(subject: str, key: str, arguments: tuple[str, ...], origin: Origin) -> Iterator[Text]:
    option = ""
    for number, argument in enumerate(arguments):
        shown = f"{key}[{number}]"
        head, equals, value = argument.partition("=")
        if argument.startswith("-") and equals:
            yield Text(subject, Sort.ARGUMENT, f"{shown} ({head})", head, value, origin)
        else:
            yield Text(subject, Sort.ARGUMENT, shown, option, argument, origin)
        option = argument if argument.startswith("-") and not equals else ""


def _prose(subject: str, service: Service, origin: Origin) -> Iterator[Text]:
    for key in ("summary", "why", "notes"):
        value = getattr(service, key)
        if value:
            yield Text(subject, Sort.PROSE, key, key, value, origin.at(key))
