"""Whether a rendered text says what was declared: it is parsed again and read as systemd will read it.

So a user's own template is judged as well. It may add directives and dependencies; it may not lose or change a declared
value.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from qtctl.dialects.systemd.directives import Takes, takes
from qtctl.dialects.systemd.quoting import (
    parse_env_file,
    parse_exec,
    parse_file_pattern,
    parse_prefixed,
    parse_value,
    simple_path,
)
from qtctl.dialects.systemd.unitfile import UnitFile, effective, parse
from qtctl.errors import InputError, Place
from qtctl.model.desired import DesiredService, DesiredTarget, DesiredTimer
from qtctl.model.registry import ServiceState
from qtctl.render.written import written_setting

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Declared:
    """A directive and the values that systemd must read; `read` takes the quoting off what was written."""

    section: str
    key: str
    values: tuple[object, ...]
    read: Callable[[str], object] = parse_value


def judge_unit(text: str, unit: str, template: str, mark: str, declared: Iterable[Declared]) -> None:
    """InputError, in the words of the template, where `text` is not a unit file that says what was declared."""
    _judge_mark(text, unit, template, mark)
    unitfile = parse(text, f"{unit} from {template}")
    if unitfile.ignored:
        line = unitfile.ignored[0]
        raise InputError(f"a line that {line.problem}", place=Place(unitfile.name, line.line))
    found = effective(unitfile)
    for directive in declared:
        _judge_directive(unitfile, directive, found.get((directive.section, directive.key), ()))


def judge_env(text: str, service: DesiredService, template: str, mark: str) -> None:
    """InputError where a process would get another environment from the file. Names only, no values, are shown."""
    name = f"{service.env_file} from {template}"
    _judge_mark(text, service.unit, template, mark)
    found, declared = parse_env_file(text, name), dict(service.env)
    wrong = sorted(key for key in {*found, *declared} if found.get(key) != declared.get(key))
    if wrong:
        raise InputError(f"not the declared environment: {', '.join(wrong)}", hint=_FILTERS, place=Place(name))


def declared_of_service(service: DesiredService) -> tuple[Declared, ...]:
    files = tuple(file for file in (service.env_file, service.secrets_file) if file)
    wanted_by = () if service.state is ServiceState.ON_TIMER else service.wanted_by
    single = (
        ("Type", service.type),
        ("User", service.user),
        ("Group", service.group),
        ("SyslogIdentifier", service.syslog_identifier),
    )
    return (
        Declared("Unit", "Description", (service.summary,)),
        *_pairs("Unit", service.unit_settings),
        *_units("Wants", service.wants),
        *_units("Requires", service.requires),
        *_units("BindsTo", service.binds_to),
        *_units("After", service.after),
        *_units("Before", service.before),
        *_units("Conflicts", service.conflicts),
        *_units("PartOf", service.part_of),
        *_units("OnFailure", service.on_failure),
        *_pairs("Unit", service.start_limit),
        *(Declared("Service", key, (text,)) for key, text in single if text),
        *_working_directory(service.working_directory),
        Declared("Service", "EnvironmentFile", files, parse_file_pattern),
        Declared("Service", "ExecStart", ((service.argv[:1], service.argv),), _exec),
        *_commands(service.commands),
        *_pairs("Service", service.settings + service.restart + service.limits + service.sandbox),
        Declared("Install", "WantedBy", wanted_by),
    )


def declared_of_timer(timer: DesiredTimer) -> tuple[Declared, ...]:
    return (
        Declared("Unit", "Description", (timer.summary,)),
        *_pairs("Timer", timer.schedule),
        Declared("Timer", "Unit", (timer.service_unit,)),
        Declared("Install", "WantedBy", timer.wanted_by),
    )


def declared_of_target(target: DesiredTarget) -> tuple[Declared, ...]:
    return (
        Declared("Unit", "Description", (target.summary,)),
        *_units("Wants", target.wants),
        *_units("Requires", target.requires),
        *_units("BindsTo", target.binds_to),
        *_units("After", target.after),
        *_units("Before", target.before),
        *_units("Conflicts", target.conflicts),
        *_units("PartOf", target.part_of),
        *_units("OnFailure", target.on_failure),
        Declared("Install", "WantedBy", target.wanted_by),
    )


_FILTERS = "write values through the filters that the shipped templates use"


def _judge_mark(text: str, unit: str, template: str, mark: str) -> None:
    if text.partition("\n")[0] != mark:
        raise InputError(
            f"template of {unit}: the first line is not the mark", hint="{{ mark }}", place=Place(template, 1)
        )


def _judge_directive(unitfile: UnitFile, directive: Declared, found: tuple[str, ...]) -> None:
    try:
        values = tuple(directive.read(text) for text in found)
    except InputError as error:
        place = unitfile.place(directive.section, directive.key)
        raise InputError(f"{directive.key}=: {error.what}", hint=error.hint or _FILTERS, place=place) from error
    if not _holds(directive, values):
        place = unitfile.place(directive.section, directive.key)
        raise InputError(f"[{directive.section}] {directive.key}= is not as declared", hint=_FILTERS, place=place)


def _holds(directive: Declared, values: tuple[object, ...]) -> bool:
    if takes(directive.key) is Takes.UNITS:
        return set(directive.values) <= set(values)
    return directive.values == values


def _units(key: str, names: tuple[str, ...]) -> tuple[Declared, ...]:
    return (Declared("Unit", key, names),) if names else ()


@lru_cache(maxsize=256)
def _pairs(section: str, pairs: Pairs) -> tuple[Declared, ...]:
    """What the pairs alone would mean: the last of a scalar, all items of a list."""
    lines = "".join(f"{key}={written_setting(text, key)}\n" for key, text in pairs)
    alone = effective(parse(f"[{section}]\n{lines}", section))
    return tuple(Declared(section, key, values, str) for (_, key), values in alone.items())


def _working_directory(directory: str) -> tuple[Declared, ...]:
    if not directory:
        return ()
    return (Declared("Service", "WorkingDirectory", (simple_path(directory, "WorkingDirectory"),)),)


def _commands(commands: tuple[tuple[str, str, tuple[str, ...]], ...]) -> Iterator[Declared]:
    """A template of the user's own may add such commands where none are declared."""
    for key in dict.fromkeys(key for key, _, _ in commands):
        yield Declared(
            "Service", key, tuple((how, argv[:1], argv) for each, how, argv in commands if each == key), _run
        )


def _run(text: str) -> object:
    """How a command is run, its program and its argv."""
    command = parse_prefixed(text)
    return command.prefixes.replace(":", ""), (command.path,), command.argv


def _exec(text: str) -> object:
    """The program and its argv; with a prefix that changes how it runs, something no declaration equals."""
    command = parse_exec(text)
    if command.prefixes.strip(":"):
        return command
    return ((command.path,), command.argv)
