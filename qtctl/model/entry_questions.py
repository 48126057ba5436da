"""Where Python looks for a service's program, as a question to the host."""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING

from qtctl.dialects.python_command import PythonCommand, read_python_command

if TYPE_CHECKING:  # the worker that asks does without it
    from qtctl.model.desired import DesiredService

_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_PLAIN = re.compile(r"/[^\x00-\x1f\x7f$%]*")
_ELSEWHERE = frozenset(
    ("BindPaths", "BindReadOnlyPaths", "RootDirectory", "RootImage", "MountImages", "ExtensionDirectories",
     "ExtensionImages", "TemporaryFileSystem")
)  # fmt: skip
"""Directives that make a service see other files at a path than its host does."""


@dataclass(frozen=True, slots=True)
class EntryQuestion:
    """`wanted`: kind (script, module, import), and the path of a script, or of a module without its ending.

    `folders` are searched first, then the packages of the interpreter below `prefix`, and those of `user` unless that
    is a virtual environment.
    """

    unit: str
    user: str
    prefix: str
    folders: tuple[str, ...]
    wanted: tuple[tuple[str, str], ...]


def make_entry_question(service: "DesiredService") -> EntryQuestion | None:
    """None if the program is not Python's, or if only the host knows what it runs."""
    argv = service.loaded[0] if service.loaded else service.argv
    command = read_python_command(argv)
    if command is None or service.is_template or _ELSEWHERE & dict((*service.settings, *service.sandbox)).keys():
        return None
    here = service.working_directory.removeprefix("-") or "/"
    folders = tuple(dict.fromkeys(_list_folders(service, command, here)))
    wanted = tuple(_list_wanted(command, here))
    prefix = dirname(dirname(argv[0]))
    if not wanted or not all(_PLAIN.fullmatch(each) for each in (*folders, prefix or "/")):
        return None
    return EntryQuestion(service.unit, service.user, prefix, folders, wanted)


def _list_folders(service: "DesiredService", command: PythonCommand, here: str) -> Iterator[str]:
    env = dict((*service.unit_env, *service.env))
    if command.is_server or (command.searches_start_folder and not env.get("PYTHONSAFEPATH")):
        yield normpath(here)
    yield from (normpath(join(here, folder)) for folder in command.folders)
    if command.reads_environment:
        yield from (normpath(join(here, folder)) for folder in env.get("PYTHONPATH", "").split(":") if folder)


def _list_wanted(command: PythonCommand, here: str) -> Iterator[tuple[str, str]]:
    if command.script:
        path = join(here, command.script)
        if _PLAIN.fullmatch(path):
            yield "script", normpath(path)
    for kind, module in (("module", command.module), ("import", command.app)):
        if _MODULE.fullmatch(module) and module.partition(".")[0] not in sys.stdlib_module_names:
            yield kind, module.replace(".", "/")
