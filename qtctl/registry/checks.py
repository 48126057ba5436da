"""A registry's own checks that could not be run."""

import re
from collections.abc import Iterator, Mapping

from qtctl.dialects.paths import explain_trouble
from qtctl.dialects.systemd.size import parse_bytes
from qtctl.dialects.systemd.timespan import parse_microseconds
from qtctl.model.checks import Check, CommandCheck, FileCheck
from qtctl.model.origin import Origin
from qtctl.model.placement import includes_host
from qtctl.model.registry import Registry
from qtctl.registry.health import check_health_values
from qtctl.rules.problem import Problem

KINDS = ("command", "http", "file", "unit")
ID = re.compile("QT9[0-9]{2}")
SECRET = ("Environment", "SetCredential", "ExecSt", "ExecReload", "ExecCondition")
"""Prefixes of properties that show variables, credentials and command lines."""
MOST_TIME_US = 10_000_000
"""For all commands of one host together: everything else that needs a shell waits behind them."""


def check_checks(registry: Registry) -> Iterator[Problem]:
    for id_, check in registry.checks.items():
        origin = registry.origins["checks", id_]
        if ID.fullmatch(id_) is None:
            yield Problem(f"{id_[:100]!r} is not the id of a check", origin, "take QT9 and two digits")
        yield from _check_one(registry, check, origin)
    yield from _check_times(registry)


def _check_one(registry: Registry, check: Check, origin: Origin) -> Iterator[Problem]:
    kinds = [kind for kind in KINDS if getattr(check, kind) is not None]
    if len(kinds) != 1:
        said = " and ".join(kinds) or "nothing"
        yield Problem(f"it says {said} to look at", origin, "a check has one of command, http, file and unit")
    if check.file is not None:
        yield from _check_file(registry, check.file, origin.at("file"))
    if check.http is not None:
        yield from check_health_values(check.http, origin.at("http"))
    if check.command is not None:
        yield from _check_command(check.command, origin.at("command"))
    if check.unit is not None and check.unit.property.startswith(SECRET):
        hint = "nothing that can hold a secret is asked for"
        yield Problem(f"{check.unit.property} is not read from a host", origin.at("unit", "property"), hint)


def _check_file(registry: Registry, file: FileCheck, origin: Origin) -> Iterator[Problem]:
    inside = [key for key in ("sha256", "line") if getattr(file, key) is not None]
    of_files = [*inside, *(key for key in ("min_size", "max_size") if getattr(file, key) is not None)]
    if of_files and file.kind != "file":
        yield Problem(
            f"{of_files[0]} of something that is not a file",
            origin.at(of_files[0]),
            f"kind is {file.kind}: take it out",
        )
    yield from _find_secret_texts({"line": file.line}, origin)
    sealed = {each.secrets.env_file for each in registry.services.values() if each.secrets}
    if inside and file.path in sealed:
        yield Problem(f"{file.path} holds secrets, and is not read", origin.at(inside[0]), "judge owner, mode and size")
    if None not in (file.min_size, file.max_size) and parse_bytes(str(file.min_size)) > parse_bytes(str(file.max_size)):
        what = f"min_size {file.min_size} is more than max_size {file.max_size}"
        yield Problem(what, origin.at("min_size"), "give a smaller min_size, or a larger max_size")


def _find_secret_texts(texts: Mapping[str, str | None], origin: Origin) -> Iterator[Problem]:
    """Secrets in texts that a host is compared with: reports show these texts, and outputs are kept without secrets."""
    for key, text in texts.items():
        if text is not None and _holds_secret(text):
            hint = "compare something that is not secret, such as a digest"
            yield Problem(f"{key} holds what looks like a secret", origin.at(key), hint)


def _check_command(command: CommandCheck, origin: Origin) -> Iterator[Problem]:
    program = command.argv[0]
    if not program.startswith("/"):
        yield Problem(f"argv[0] {program[:200]!r} is not an absolute path", origin.at("argv"), "write the whole path")
    elif what := explain_trouble(program):
        yield Problem(f"argv[0] {program[:200]!r} {what}", origin.at("argv"), "write its plain path")
    yield from _find_secret_texts({"output": command.output, "contains": command.contains}, origin)
    if not 0 < parse_microseconds(command.within) <= MOST_TIME_US:
        yield Problem(f"within {command.within} is not from 1us to 10s", origin.at("within"), "give it less time")


def _holds_secret(text: str) -> bool:
    from qtctl.dialects.secrets import mask_message  # noqa: PLC0415 - 10 ms, and few registries have such checks

    return mask_message(text) != text


def _check_times(registry: Registry) -> Iterator[Problem]:
    commands = {id_: each for id_, each in registry.checks.items() if each.command and each.state == "active"}
    for host in registry.hosts:
        its = [id_ for id_, each in commands.items() if includes_host(registry, each.hosts, host)]
        if sum(_read_time_us(commands[id_]) for id_ in its) > MOST_TIME_US:
            hint = "an audit waits for all of them: make some faster, or let a timer write a file and check that"
            yield Problem(f"the commands of {host} may take more than 10s together", Origin("checks.toml"), hint)
            return


def _read_time_us(check: Check) -> int:
    return parse_microseconds(check.command.within) if check.command else 0
