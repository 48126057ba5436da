"""Find the live host in a command line before typer is loaded, so that an engine can start on it.

It acts only on a command line that it understands to the last word, and no host is connected to before its registry has
been checked. Everything else is left to the command, which then reports what is wrong.
"""

import os
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from qtctl.dialects.endpoints import is_account, is_target
from qtctl.errors import InputError
from qtctl.flows.target import Target

if TYPE_CHECKING:
    from qtctl.flows.asking import Asking

SOURCE = frozenset({"--host", "--as", "--user", "--registry", "--templates", "--format"})
Words = tuple[str, ...]
REPORTS: tuple[Words, ...] = (("report", "registry"), ("report", "overview"), ("report", "catalogue"))
COMMANDS: dict[Words, frozenset[str]] = {
    ("audit",): SOURCE | {"--save"},
    **dict.fromkeys(REPORTS, SOURCE | {"--out"}),
}
"""The commands that ask a live host and change nothing, and their options that take a value."""
FLAGS: dict[Words, frozenset[str]] = {
    ("audit",): frozenset({"--all", "--verbose", "--debug", "--become"}),
    **dict.fromkeys(REPORTS, frozenset({"--debug"})),
}
"""Their options without a value. With any other option (--from, --help) nothing starts early."""


def begin(argv: Sequence[str]) -> "Asking | None":
    """Start on the host that `argv` names: ask it if all of `argv` is understood and the registry has no error."""
    target = find_target(argv, os.environ)
    if target is None:
        return None
    from qtctl.api.early import start

    asking = start(target)
    with suppress(Exception):  # the command meets it again, and reports it
        asking.begin()
    return asking


def reuse_started(started: "Asking | None", target: Target) -> "Asking":
    """What was started, if it is for this target; else one that starts now."""
    if started is not None and started.target == target:
        return started
    if started is not None:
        started.close()
    from qtctl.api.early import start

    return start(target)


def find_target(argv: Sequence[str], environ: Mapping[str, str]) -> Target | None:
    """The live host that a command line asks. None if it asks none, or if any word of it is not plainly right."""
    command = next((words for words in COMMANDS if tuple(argv[: len(words)]) == words), None)
    options = _parse_options(argv[len(command) :], COMMANDS[command], FLAGS[command]) if command is not None else None
    if options is None or not _are_acceptable(options) or (command == ("audit",) and environ.get("QTCTL_ENGINE")):
        return None
    templates = options.get("--templates")
    return Target(
        Path(options.get("--registry") or environ.get("QTCTL_REGISTRY") or "registry"),
        options["--host"],
        options.get("--as"),
        options.get("--user"),
        Path(templates) if templates is not None else None,
        "--become" in options,
    )


def _parse_options(words: Sequence[str], values: Collection[str], flags: Collection[str]) -> dict[str, str] | None:
    """Option → value ("" for a flag). None if an option is unknown, repeated, or lacks its value."""
    found: dict[str, str] = {}
    left = list(reversed(words))
    while left:
        name, equals, value = left.pop().partition("=")
        if name in found or (equals and not value):
            return None
        if name in flags and not equals:
            found[name] = ""
        elif name in values and (equals or (left and left[-1] and not left[-1].startswith("-"))):
            found[name] = value if equals else left.pop()
        else:
            return None
    return found


def _are_acceptable(options: Mapping[str, str]) -> bool:
    """Whether the command will accept these values, as far as that can be told without a registry."""
    if not is_target(options.get("--host", "")) or not is_account(options.get("--user", "root")):
        return False
    if "--format" in options and not _is_offered(options["--format"]):
        return False
    return all(_is_writable(options[name], name) for name in ("--save", "--out") if name in options)


def _is_offered(name: str) -> bool:
    from qtctl.formats.catalogue import Content, list_offered

    return name in list_offered(Content.JUDGED)


def _is_writable(path: str, option: str) -> bool:
    from qtctl.adapters.files import check_writable
    from qtctl.adapters.saved_file import check_saved

    try:
        (check_saved if option == "--save" else check_writable)(Path(path))
    except InputError:
        return False
    return True
