"""QT107: a sandbox that hides or locks what the service itself needs."""

import re
from collections.abc import Iterable, Iterator

from qtctl.dialects.systemd.booleans import parse_boolean
from qtctl.findings.finding import Finding, Severity
from qtctl.model.desired import DesiredService
from qtctl.model.origin import Origin
from qtctl.rules.locate import find_origin
from qtctl.rules.view import Unit, View, ViewRule

HOMES = ("/home", "/root", "/run/user")
_LOCKED = {
    "strict": ("/",),
    "full": ("/usr", "/boot", "/efi", "/etc", "/bin", "/sbin", "/lib", "/lib64"),
    "yes": ("/usr", "/boot", "/efi", "/bin", "/sbin", "/lib", "/lib64"),
}
"""ProtectSystem= → what is read-only."""
_ALWAYS_WRITABLE = ("/dev", "/proc", "/sys")
_DIRECTORIES = {
    "RuntimeDirectory": "/run",
    "StateDirectory": "/var/lib",
    "CacheDirectory": "/var/cache",
    "LogsDirectory": "/var/log",
}
_WRITTEN = re.compile(r"(^|_)(LOGS?|LOGFILE|CHECKPOINTS?|OUTPUT|OUT|CACHE|STATE|TMP|TEMP|RESULTS?|PID)(_|$)")
"""Words in the name of a setting whose path is written to."""


def judge_sandbox(view: View) -> Iterator[Finding]:
    for unit, service in view.services:
        if not view.is_whole(unit):
            continue
        yield from _judge_hidden(view, unit, service)
        yield from _judge_locked(view, unit, service)


def _judge_hidden(view: View, unit: Unit, service: DesiredService) -> Iterator[Finding]:
    protect = unit.last("Service", "ProtectHome")
    if not (parse_boolean(protect) or protect == "tmpfs"):
        return
    shown = _list_bound(unit) if protect == "tmpfs" else ()
    for what, path, origin in _list_needed(view, unit, service):
        if _is_below(path, HOMES) and not _is_below(path, shown):
            yield QT107.make_broken(
                unit.subject,
                f"has ProtectHome={protect}, which hides its own {what} ({path})",
                'move it out of the homes, or give the service another profile (sandbox.profile = "default")',
                origin,
            )


def _list_needed(view: View, unit: Unit, service: DesiredService) -> Iterator[tuple[str, str, Origin]]:
    """What the process opens: a word for it, its path, where it is declared."""
    run = service.origin.at("run")
    yield "working directory", service.working_directory, run
    yield from (("program", program, run) for program in service.argv[:1])
    yield "venv", service.venv, run.at("venv")
    yield "entry point", service.entry_point, run
    for command in service.commands:
        if "+" not in command.prefixes:
            yield f"{command.directive}= program", command.argv[0], find_origin(view, unit, command.directive)
    for path in _list_each_path(unit, "ReadWritePaths"):
        yield "writable path", path, find_origin(view, unit, "ReadWritePaths")


def _judge_locked(view: View, unit: Unit, service: DesiredService) -> Iterator[Finding]:
    protect = unit.last("Service", "ProtectSystem")
    locked = _LOCKED.get("yes" if parse_boolean(protect) else protect)
    if locked is None:
        return
    writable = (*_list_writable(unit), *_ALWAYS_WRITABLE)
    read_only = (*locked, *_list_each_path(unit, "ReadOnlyPaths"))
    for key, path in service.env:
        if not (_WRITTEN.search(key) and path.startswith("/")):
            continue
        if _is_below(path, read_only) and not _is_below(path, writable):
            yield QT107.make_broken(
                unit.subject,
                f"has ProtectSystem={protect} and no writable path for what {key} names",
                "add its directory to sandbox.read_write_paths",
                _find_env_origin(view, service, key),
                severity=Severity.WARNING,
            )


def _find_env_origin(view: View, service: DesiredService, key: str) -> Origin:
    if key in view.placed.services[service.name].env:
        return service.origin.at("env", key)
    return Origin("fleet.toml", ("defaults", "env", key))


def _list_writable(unit: Unit) -> Iterator[str]:
    yield from _list_each_path(unit, "ReadWritePaths")
    yield from _list_bound(unit)
    for key, above in _DIRECTORIES.items():
        yield from (f"{above}/{name.partition(':')[0]}" for name in unit.all("Service", key))
    yield from (path.partition(":")[0] for path in unit.all("Service", "TemporaryFileSystem"))
    if parse_boolean(unit.last("Service", "PrivateTmp")) or unit.last("Service", "PrivateTmp") == "disconnected":
        yield from ("/tmp", "/var/tmp")  # noqa: S108 - the service's own


def _list_bound(unit: Unit) -> tuple[str, ...]:
    """Where BindPaths= and BindReadOnlyPaths= lead."""
    both = (*unit.all("Service", "BindPaths"), *unit.all("Service", "BindReadOnlyPaths"))
    return tuple(path.lstrip("-").split(":")[:2][-1] for path in both)


def _list_each_path(unit: Unit, key: str) -> Iterator[str]:
    yield from (path.lstrip("-+") for path in unit.all("Service", key))


def _is_below(path: str, folders: Iterable[str]) -> bool:
    return any(folder in ("/", path) or path.startswith(f"{folder}/") for folder in folders if folder)


QT107 = ViewRule(
    "QT107",
    "sandbox against the service itself",
    Severity.ERROR,
    what="ProtectHome= hides the working directory, program, code, venv or a writable path of the service; or (a "
    "warning) ProtectSystem= makes a path read-only that a setting says is written to, and no ReadWritePaths=, "
    "StateDirectory= or the like covers it.",
    why="The service fails at once with 200/CHDIR or 203/EXEC, or hours later, when it cannot write its first log "
    "line.",
    fix="Move the code and the venv out of home directories, choose another profile, or add the directory to "
    "`sandbox.read_write_paths`.",
    look=judge_sandbox,
)
RULES = (QT107,)
