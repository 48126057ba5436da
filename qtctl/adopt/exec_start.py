"""ExecStart= → [run], in an operator's terms if these say exactly the same, else as it is."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from qtctl.dialects.paths import explain_trouble
from qtctl.dialects.systemd.exec_lines import read_commands
from qtctl.dialects.systemd.quoting import parse_exec, write_exec_line, write_exec_prefixed
from qtctl.errors import InputError

_PROGRAM = re.compile(r"(/.+)/bin/([^/]+)")
_PYTHON = re.compile(r"python[0-9.]*")
_ENVIRONMENT = re.compile(r"\.?(v|virtual)?envs?([-_.].*)?|.*[-_.]venv|venvs", re.IGNORECASE)
_NO_VENV = frozenset(("/usr", "/usr/local"))
_GENERIC = frozenset(("venv", ".venv", "env", ".env", "virtualenv"))
_MODULE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
_LISTEN = re.compile(r"[0-9.]+|\[[0-9a-fA-F:]+\]")
UVICORN = 8
"""Words of `python -m uvicorn APP --host HOST --port PORT`."""


@dataclass(frozen=True, slots=True)
class Ran:
    """`run` as in a registry; `port`: what uvicorn listens on, as ADDRESS:PORT, or ''."""

    run: dict[str, Any]
    port: str = ""


def find_venv(line: str) -> str:
    """The folder of the venv whose program the line runs, or ''."""
    argv = _split_first(line)
    match = _PROGRAM.fullmatch(argv[0]) if argv else None
    if match is None or match[1] in _NO_VENV or explain_trouble(match[1]):
        return ""
    parts = PurePosixPath(match[1]).parts
    named = any(_ENVIRONMENT.fullmatch(part) for part in parts[-2:])
    return match[1] if named or _PYTHON.fullmatch(match[2]) else ""


def name_venvs(paths: Iterable[str]) -> dict[str, str]:
    """Path → a unique name."""
    names: dict[str, str] = {}
    for path in sorted(set(paths)):
        parts = [part for part in PurePosixPath(path).parts if part != "/"]
        own = [part for part in parts if part not in _GENERIC] or parts
        base = re.sub(r"[^A-Za-z0-9._@-]+", "_", own[-1]).lstrip("._@-") or "venv"
        name, number = base, 2
        while name in names.values():
            name, number = f"{base}-{number}", number + 1
        names[path] = name
    return names


def recognize_program(lines: tuple[str, ...], directory: str, venvs: Mapping[str, str]) -> Ran:
    """`directory` is WorkingDirectory=, '' for none; `venvs`: path → name."""
    venv = venvs.get(find_venv(lines[0]), "") if lines else ""
    argv = split_literally(lines[0]) if len(lines) == 1 else None
    found = _recognize_python(argv, directory, venv, venvs) if argv else None
    if found is None:
        kind = {"kind": "command", "argv": list(argv)} if argv else {"kind": "exec", "lines": list(lines)}
        found = Ran({**kind, "cwd": directory})
    return Ran({**found.run, **({"venv": venv} if venv else {})}, found.port)


def split_literally(line: str) -> tuple[str, ...] | None:
    """The argv, if writing it again gives a line that systemd shows in the same way; else None."""
    if "$" in line or "%" in line:
        return None
    try:
        command = parse_exec(line)
        same = not command.prefixes and read_commands(write_exec_line(command.argv)) == read_commands(line)
    except InputError:
        return None
    return command.argv if same else None


def write_command(line: str) -> str | list[str]:
    """An additional command of a service: a list if its words say everything, else as it is."""
    shown = line.replace("$MAINPID", "")
    if "$" in shown or "%" in shown:
        return line
    try:
        (command,) = read_commands(line)
        argv = tuple(command.argv)
        same = write_exec_prefixed(argv, command.prefixes, "Exec") and read_commands(
            write_exec_prefixed(argv, command.prefixes, "Exec")
        ) == (command,)
    except (InputError, ValueError):
        return line
    return [f"{command.prefixes}{argv[0]}", *argv[1:]] if same and argv[0] == command.path else line


def _split_first(line: str) -> tuple[str, ...]:
    try:
        command = read_commands(line)[0]
    except InputError:
        return ()
    return (command.path, *command.argv[1:])


def _recognize_python(argv: tuple[str, ...], directory: str, venv: str, venvs: Mapping[str, str]) -> Ran | None:
    """A module, a script or uvicorn, if the code's folder is known and the argv comes out the same."""
    program = argv[0]
    if not _PYTHON.fullmatch(PurePosixPath(program).name) or len(argv) == 1:
        return None
    if venv and program != f"{next(path for path, name in venvs.items() if name == venv)}/bin/python":
        return None
    interpreter = {} if venv else {"python": program}
    if argv[1] == "-m":
        return _recognize_module(argv, directory, interpreter)
    return _recognize_script(argv, directory, interpreter)


def _recognize_module(argv: tuple[str, ...], directory: str, interpreter: dict[str, str]) -> Ran | None:
    if not directory.startswith("/") or len(argv) == len(("python", "-m")) or not _MODULE.fullmatch(argv[2]):
        return None
    code = {"code": directory, **interpreter}
    served = _recognize_uvicorn(argv, code) if argv[2] == "uvicorn" else None
    if served is not None:
        return served
    args = {"args": list(argv[3:])} if argv[3:] else {}
    return Ran({"kind": "module", "module": argv[2], **args, **code})


def _recognize_uvicorn(argv: tuple[str, ...], code: dict[str, str]) -> Ran | None:
    if len(argv) < UVICORN or argv[4] != "--host" or argv[6] != "--port":
        return None
    host = f"[{argv[5]}]" if ":" in argv[5] else argv[5]
    if not _LISTEN.fullmatch(host) or not argv[7].isdecimal() or str(int(argv[7])) != argv[7]:
        return None
    args = {"args": list(argv[UVICORN:])} if argv[UVICORN:] else {}
    return Ran({"kind": "uvicorn", "app": argv[3], "port": "http", **args, **code}, f"{host}:{argv[7]}")


def _recognize_script(argv: tuple[str, ...], directory: str, interpreter: dict[str, str]) -> Ran | None:
    path = PurePosixPath(argv[1])
    if not argv[1].startswith("/") or path.suffix != ".py" or str(path) != argv[1] or ".." in path.parts:
        return None
    args = {"args": list(argv[2:])} if argv[2:] else {}
    if directory.startswith("/") and path.is_relative_to(directory):
        where = {"script": str(path.relative_to(directory)), "code": directory}
    else:
        where = {"script": path.name, "code": str(path.parent), "cwd": directory}
    return Ran({"kind": "script", **where, **args, **interpreter})
