"""Stand-in programs at the paths that command lines name, and the venvs they run in."""

import zlib
from pathlib import PurePosixPath

from qtctl.dialects.paths import explain_trouble
from qtctl.model.desired import Desired, DesiredService
from qtctl.model.tree import TreeDir, TreeFile, TreeLink
from qtctl.stage.paths import normalise_path

STANDIN_DIR = "/usr/local/lib/qtctl-lab"
STANDIN = f"{STANDIN_DIR}/standin.py"
PACKAGES = "/usr/lib/python3/dist-packages"
PYTHON = "/usr/bin/python3"
SYSTEM_BIN = ("/bin", "/usr/bin", "/sbin", "/usr/sbin")
SHELLS = ("sh", "bash", "dash")
PROVIDED = {
    *SHELLS,
    "python3",
    "env",
    "redis-cli",
    "redis-server",
    "sleep",
    "true",
    "false",
    "cat",
    "nice",
    "timeout",
    "kill",
    "mkdir",
    "test",
}
"""Programs of the root file system that a command line may start with: they are used as they are."""

PYTHON_TEXT = f"""import sys

sys.path.insert(0, "{STANDIN_DIR}")
import standin

standin.main(sys.argv[1:])
"""
UVICORN_TEXT = PYTHON_TEXT.replace("sys.argv[1:])", "sys.argv[1:], uvicorn=True)")
NOTHING = b"#!/bin/sh\n"
"""Works as a Python program, too."""
SHELL_TEXT = f'#!/bin/sh\nexec {PYTHON} {STANDIN} "$@"\n'


def make_uvicorn_package() -> tuple[TreeFile, ...]:
    """A module `uvicorn` that every venv with system site packages finds."""
    return (
        TreeFile(f"{PACKAGES}/uvicorn/__init__.py", b""),
        TreeFile(f"{PACKAGES}/uvicorn/__main__.py", UVICORN_TEXT.encode()),
    )


def make_program_files(service: DesiredService) -> tuple[TreeFile, ...]:
    """The files that its command line needs, except its venv's interpreter."""
    if not service.argv:
        return ()
    found = [_make_program(service.entry_point, service.argv[0])] if service.entry_point.startswith("/") else []
    if not _is_interpreter(service, service.argv[0]):
        found.append(TreeFile(_find_program(service, service.argv[0]), SHELL_TEXT.encode(), 0o755, yields=True))
    elif _name_of(service.argv[0]) == "redis-server":
        found += [_make_redis_config(each, service) for each in service.argv[1:2] if each.startswith("/")]
    elif script := find_script(service.argv, service.working_directory):
        found.append(_make_program(script, service.argv[0]))
    unique = {file.path: file for file in found if not _is_provided(file.path)}
    return tuple(unique.values())


def make_command_files(service: DesiredService) -> tuple[TreeFile, ...]:
    """Programs that do nothing and succeed, for its other commands, and the scripts that interpreters run."""
    found = {}
    for argv in (command.argv for command in service.commands):
        if not _is_provided(argv[0]):
            program = _find_program(service, argv[0])
            found[program] = TreeFile(program, NOTHING, 0o755, yields=True)
        elif script := find_script(argv, service.working_directory):
            found[script] = TreeFile(script, NOTHING, 0o755, yields=True)
    return tuple(file for path, file in found.items() if not _is_provided(path))


def _find_program(service: DesiredService, program: str) -> str:
    """Its path: a program without a folder goes where systemd looks last, so that one of the host comes first."""
    if "/" in program:
        return program
    folders = dict(service.settings).get("ExecSearchPath", "/usr/bin").split(":")
    return f"{folders[-1]}/{program}"


def find_script(argv: tuple[str, ...], directory: str) -> str:
    """The absolute path of the script that an interpreter runs, after its options; '' if it runs none."""
    name = _name_of(argv[0])
    options = _OPTIONS.get("sh" if name in SHELLS else "python3" if name.startswith("python") else name)
    if options is None:
        return ""
    takes_value, runs_text = options
    words = iter(argv[1:])
    for word in words:
        if not word.startswith("-"):
            return _find_script_path(directory, word)
        if word == "--":
            return _find_script_path(directory, next(words, ""))
        if not word.startswith("--") and runs_text & {*word}:
            return ""
        if word[-1] in takes_value:
            next(words, "")
    return ""


def _find_script_path(directory: str, word: str) -> str:
    path = PurePosixPath(directory.lstrip("-") or "/", word)
    return str(path) if word and path.is_absolute() and not explain_trouble(str(path)) else ""


_OPTIONS = {"sh": ("oO", frozenset("cs")), "python3": ("WX", frozenset("cm"))}
"""By interpreter the letters of options, also of several in one word (`bash -xc`): those that another word belongs to,
and those after which no script is named. What is none of these interpreters runs no script of ours."""


def _name_of(path: str) -> str:
    return PurePosixPath(path).name


def _make_redis_config(path: str, service: DesiredService) -> TreeFile:
    """For a Redis of the fleet's own, beside the lab's: each has its own port. It starts as its unit expects."""
    port = 20000 + zlib.crc32(path.encode()) % 10000
    text = f'bind 127.0.0.1\nport {port}\nsupervised auto\nsave ""\n'
    if service.type == "forking":
        pid_file = dict(service.settings).get("PIDFile", "")
        text += "daemonize yes\n" + (f"pidfile {pid_file}\n" if pid_file else "")
    return TreeFile(path, text.encode(), yields=True)


def make_venvs(desired: Desired) -> tuple[tuple[TreeDir, ...], tuple[TreeFile, ...], tuple[TreeLink, ...]]:
    """Each declared venv, and each that a service runs from, as `python3 -m venv --system-site-packages` creates it."""
    paths = sorted({venv.path for venv in desired.venvs} | {s.venv for s in desired.services if s.venv})
    config = f"home = /usr/bin\ninclude-system-site-packages = true\nexecutable = {PYTHON}\n".encode()
    return (
        tuple(TreeDir(folder) for path in paths for folder in (path, f"{path}/bin")),
        tuple(TreeFile(f"{path}/pyvenv.cfg", config) for path in paths),
        tuple(
            TreeLink(f"{path}/bin/{name}", target)
            for path in paths
            for name, target in (("python", "python3"), ("python3", PYTHON))
        ),
    )


def _make_program(path: str, interpreter: str) -> TreeFile:
    by_shell = _name_of(interpreter) in SHELLS or not (
        path.endswith(".py") or _name_of(interpreter).startswith("python")
    )
    if by_shell:
        return TreeFile(path, SHELL_TEXT.encode(), 0o755, yields=True)
    return TreeFile(path, f"#!{PYTHON}\n{PYTHON_TEXT}".encode(), 0o755, yields=True)


def _is_interpreter(service: DesiredService, path: str) -> bool:
    program = PurePosixPath(path)
    own_venv = bool(service.venv) and str(program.parent) == f"{service.venv}/bin"
    return _is_provided(path) or (own_venv and program.name in ("python", "python3"))


def _is_provided(path: str) -> bool:
    program = PurePosixPath(normalise_path(path) if "/" in path else f"/usr/bin/{path}")
    return str(program.parent) in SYSTEM_BIN and program.name in PROVIDED
