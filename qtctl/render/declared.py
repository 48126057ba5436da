"""The directives and values that systemd must read in each rendered unit."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from qtctl.dialects.systemd.quoting import (
    parse_exec,
    parse_file_pattern,
    parse_prefixed,
    parse_value,
)
from qtctl.dialects.systemd.unitfile import merge_effective, parse
from qtctl.model.desired import DesiredCommand, DesiredDropin, DesiredOther, DesiredService, DesiredTarget, DesiredTimer
from qtctl.model.desired_unit import DesiredUnit, Pairs
from qtctl.model.unit_kinds import DECLARATIONS
from qtctl.render.written import undouble, write_setting, write_working_directory


def read_as_is(text: str) -> str:
    return text


@dataclass(frozen=True, slots=True)
class Declared:
    """A directive and the values that systemd must read; `read` removes the quoting from what was written."""

    section: str
    key: str
    values: tuple[object, ...]
    read: Callable[[str], object] = parse_value


_ORDER = (
    ("Wants", "wants"), ("Requires", "requires"), ("BindsTo", "binds_to"), ("After", "after"), ("Before", "before"),
    ("Conflicts", "conflicts"), ("PartOf", "part_of"), ("OnFailure", "on_failure"),
)  # fmt: skip


def declare_service(service: DesiredService) -> tuple[Declared, ...]:
    single = (
        ("Type", service.type),
        ("User", service.user),
        ("Group", service.group),
        ("SyslogIdentifier", service.syslog_identifier),
    )
    specifiers = service.specifiers
    own = service.settings + service.restart + service.limits + service.sandbox
    return (
        *_declare_unit_section(service),
        *_declare_pairs("Unit", service.start_limit, specifiers),
        *(Declared("Service", key, (text,)) for key, text in single if text),
        *_declare_directory(service.working_directory),
        *_declare_environment(service.unit_env),
        *_declare_env_files(service),
        _declare_exec_start(service),
        *_declare_commands(service.commands),
        *_declare_pairs("Service", own, specifiers),
        *_declare_install(service),
    )


def declare_timer(timer: DesiredTimer) -> tuple[Declared, ...]:
    return (
        *_declare_unit_section(timer),
        *_declare_pairs("Timer", timer.schedule, timer.specifiers),
        Declared("Timer", "Unit", (timer.starts,)),
        *_declare_install(timer),
    )


def declare_target(target: DesiredTarget) -> tuple[Declared, ...]:
    return (*_declare_unit_section(target), *_declare_install(target))


def declare_unit(unit: DesiredOther) -> tuple[Declared, ...]:
    starts = next(each.starts_with for each in DECLARATIONS if each.kind is unit.kind)
    return (
        *_declare_unit_section(unit),
        *_declare_pairs(unit.section, unit.settings, unit.specifiers),
        *((Declared(unit.section, starts, (unit.starts,)),) if unit.starts else ()),
        *_declare_install(unit),
    )


def declare_dropin(dropin: DesiredDropin) -> tuple[Declared, ...]:
    pairs = (
        declared for section, found in dropin.sections for declared in _declare_pairs(section, found, dropin.specifiers)
    )
    environment = _declare_environment(dropin.unit_env)
    said = {(each.section, each.key) for each in environment}
    return (*(each for each in pairs if (each.section, each.key) not in said), *environment)


def _declare_unit_section(unit: DesiredUnit) -> tuple[Declared, ...]:
    return (
        Declared("Unit", "Description", (unit.summary,)),
        *_declare_pairs("Unit", unit.unit_settings, unit.specifiers),
        *(Declared("Unit", key, names) for key, field in _ORDER if (names := getattr(unit, field))),
    )


def _declare_install(unit: DesiredUnit) -> tuple[Declared, ...]:
    extra = (declared for section, found in unit.extra for declared in _declare_pairs(section, found, unit.specifiers))
    wanted = Declared("Install", "WantedBy", unit.wanted_by)
    return (wanted, *_declare_pairs("Install", unit.install, unit.specifiers), *extra)


@lru_cache(maxsize=512)
def _declare_pairs(section: str, pairs: Pairs, specifiers: bool) -> tuple[Declared, ...]:
    """What the pairs alone would mean: the last of a scalar, all items of a list."""
    lines = "".join(f"{key}={_write_value(text, key, specifiers)}\n" for key, text in pairs)
    alone = merge_effective(parse(f"[{section}]\n{lines}", section))
    return tuple(Declared(section, key, values, read_as_is) for (_, key), values in alone.items())


def _write_value(text: str, key: str, specifiers: bool) -> str:
    written = write_setting(text, key)
    return undouble(written, text) if specifiers else written


def _declare_directory(directory: str) -> tuple[Declared, ...]:
    if not directory:
        return ()
    return (Declared("Service", "WorkingDirectory", (write_working_directory(directory, doubled=False),)),)


def _declare_environment(env: tuple[tuple[str, str], ...]) -> tuple[Declared, ...]:
    """effective() has already removed the quotes."""
    if not env:
        return ()
    return (Declared("Service", "Environment", tuple(f"{name}={text}" for name, text in env)),)


def _declare_env_files(service: DesiredService) -> tuple[Declared, ...]:
    ours = tuple(file for file in (service.env_file, service.secrets_file) if file)
    files = (*service.env_files, *ours)
    return (Declared("Service", "EnvironmentFile", files, _make_file_reader(frozenset(service.env_files))),)


def _make_file_reader(patterns: frozenset[str]) -> Callable[[str], object]:
    """Reads a file pattern; one that was declared is kept as it is."""

    def read(text: str) -> object:
        found = _find_declared(text, patterns)
        return parse_file_pattern(text) if found is None else found

    return read


def _find_declared(text: str, declared: frozenset[str]) -> str | None:
    """The declared text that equals `text`, which may have each `%` doubled once more; else None."""
    return next((each for each in (text, text.replace("%%", "%")) if each in declared), None)


def _declare_exec_start(service: DesiredService) -> Declared:
    if service.lines or (service.type == "oneshot" and not service.argv):
        return Declared("Service", "ExecStart", service.lines, read_as_is)
    return Declared("Service", "ExecStart", ((service.argv[:1], service.argv),), _read_exec)


def _declare_commands(commands: tuple[DesiredCommand, ...]) -> Iterator[Declared]:
    """A user's own template may add such commands if none are declared."""
    for key in dict.fromkeys(command.directive for command in commands):
        mine = [command for command in commands if command.directive == key]
        lines = frozenset(command.line for command in mine if command.line)
        values = tuple(each.line or (each.prefixes, each.argv[:1], each.argv) for each in mine)
        yield Declared("Service", key, values, _make_command_reader(lines))


def _make_command_reader(lines: frozenset[str]) -> Callable[[str], object]:
    """Reads a command as prefixes, program and argv; one that was declared as a line, as that line."""

    def read(text: str) -> object:
        found = _find_declared(text, lines)
        if found is not None:
            return found
        command = parse_prefixed(text)
        return command.prefixes.replace(":", ""), (command.path,), command.argv

    return read


def _read_exec(text: str) -> object:
    """The program and its argv. A prefix that changes how it runs makes the value differ from any declared one."""
    command = parse_exec(text)
    if command.prefixes.strip(":"):
        return command
    return ((command.path,), command.argv)
