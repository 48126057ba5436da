"""The lesser keys of a service → directives, in file order."""

from collections.abc import Iterator

from pydantic import BaseModel

from qtctl.model.registry import Defaults, Service
from qtctl.model.running import Directories

Pairs = tuple[tuple[str, str], ...]
Command = tuple[str, str, tuple[str, ...]]
"""Directive, prefixes that say how it is run, argv."""

COMMANDS = {
    "start_pre": "ExecStartPre",
    "start_post": "ExecStartPost",
    "reload": "ExecReload",
    "stop": "ExecStop",
    "stop_post": "ExecStopPost",
}
TIMEOUTS = {
    "start": "TimeoutStartSec",
    "stop": "TimeoutStopSec",
    "runtime_max": "RuntimeMaxSec",
    "watchdog": "WatchdogSec",
}
KILL = {"mode": "KillMode", "signal": "KillSignal"}
PROCESS = {"remain_after_exit": "RemainAfterExit", "pid_file": "PIDFile", "umask": "UMask", "nice": "Nice"}
DIRECTORIES = {
    "runtime": "RuntimeDirectory",
    "state": "StateDirectory",
    "cache": "CacheDirectory",
    "logs": "LogsDirectory",
}
LOG = {
    "stdout": "StandardOutput",
    "stderr": "StandardError",
    "namespace": "LogNamespace",
    "rate_interval": "LogRateLimitIntervalSec",
    "rate_burst": "LogRateLimitBurst",
}


def unit_settings(service: Service) -> Pairs:
    """Of [Unit]."""
    return tuple(("Documentation", uri) for uri in service.documentation)


def settings(defaults: Defaults, service: Service) -> Pairs:
    """Of [Service]."""
    timeouts = {**_given(defaults.timeouts), **_given(service.timeouts)}
    log = {**_given(defaults.log), **_given(service.log)}
    process = {key: getattr(service, key) for key in PROCESS}
    return (
        *_named({key: value for key, value in process.items() if value not in (None, False)}, PROCESS),
        *(("SupplementaryGroups", group) for group in service.supplementary_groups),
        *_named(timeouts, TIMEOUTS),
        *_named(_given(service.kill), KILL),
        *_directories(service.directories),
        *_named(log, LOG),
    )


def commands(service: Service) -> tuple[Command, ...]:
    """All commands around the service's own; those of one directive in their order."""
    return tuple(
        _command(directive, argv) for key, directive in COMMANDS.items() for argv in getattr(service.commands, key)
    )


def identifier(defaults: Defaults, service: Service) -> str:
    """What its lines in the log are marked with, where it is not the unit's name."""
    return service.log.identifier or defaults.log.identifier or ""


def _command(directive: str, argv: tuple[str, ...]) -> Command:
    program = argv[0].lstrip("-+!")
    return directive, argv[0].removesuffix(program), (program, *argv[1:])


def _given(node: BaseModel) -> dict[str, object]:
    return node.model_dump(exclude_none=True)


def _named(values: dict[str, object], names: dict[str, str]) -> Iterator[tuple[str, str]]:
    for key, directive in names.items():
        if key in values:
            yield directive, "yes" if values[key] is True else str(values[key])


def _directories(declared: Directories) -> Iterator[tuple[str, str]]:
    for key, directive in DIRECTORIES.items():
        yield from ((directive, folder) for folder in getattr(declared, key))
        mode = getattr(declared, f"{key}_mode")
        if mode is not None:
            yield f"{directive}Mode", mode
