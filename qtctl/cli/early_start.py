"""Find the live host in a command line before typer is loaded, so that an engine can start on it.

It acts only on a command line that it understands to the last word, and no host is connected to before its registry has
been checked. Everything else is left to the command, which then reports what is wrong.
"""

import os
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from qtctl.dialects.endpoints import is_account, is_target
from qtctl.errors import InputError
from qtctl.flows.target import Target

if TYPE_CHECKING:
    from qtctl.flows.asking import Asking
    from qtctl.flows.reaching import Reaching, Role
    from qtctl.model.desired import Desired

    Started = Asking | Reaching

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
CHANGING = ("start", "stop", "restart", "reload", "enable", "disable", "reset-failed")
ROLES: "Mapping[str, Role]" = {"status": "audit", **dict.fromkeys(CHANGING, "deploy")}
"""The commands that look at units of a host, and may change them."""
OF_UNITS: "Mapping[Role, frozenset[str]]" = {
    "audit": frozenset({"--host", "--as", "--user", "--registry", "--format", "--category"}),
    "deploy": frozenset({"--host", "--as", "--user", "--registry", "--format", "--category", "--reason"}),
}
FLAGS_OF_UNITS: "Mapping[Role, frozenset[str]]" = {
    "audit": frozenset({"--debug"}),
    "deploy": frozenset({"--debug", "--yes", "-y"}),
}


class UnitsOf(NamedTuple):
    """Units of one host: `words` and `categories` say which, as in `plan.control_units`."""

    target: Target
    role: "Role"
    words: Words
    categories: Words


def begin(argv: Sequence[str]) -> "Started | None":
    """Start on the host that `argv` names: ask it if all of `argv` is understood and the registry has no error."""
    target = find_target(argv, os.environ)
    if target is None:
        look = find_units(argv, os.environ)
        return _begin_to_reach(look) if look is not None else None
    from qtctl.api.early import start

    asking = start(target)
    with suppress(Exception):  # the command meets it again, and reports it
        asking.begin()
    return asking


def _begin_to_reach(look: UnitsOf) -> "Reaching":
    """It connects only if what the host must have is cached, and each word means a unit of it."""
    from qtctl.api.early import start_reaching

    reaching = start_reaching(look.target, look.role)
    with suppress(Exception):  # as above
        known = reaching.find_known()
        if known is not None:
            _begin_to_look(reaching, known.desired, look)
    return reaching


def _begin_to_look(reaching: "Reaching", known: "Desired", look: UnitsOf) -> None:
    """Connect, and ask what the command will ask first. InputError if a word means no unit."""
    from qtctl.plan.control_units import choose_units

    changing = look.role == "deploy"
    units = tuple(each.unit for each in choose_units(known, look.words, look.categories, changing=changing))
    reaching.connect()
    if changing:
        reaching.begin_control(known, units)
        return
    from qtctl.flows.units_question import count_lines

    reaching.begin_look(known, units, count_lines(named=bool(look.words or look.categories)))


def reuse_started(started: "Started | None", target: Target) -> "Asking":
    """What was started, if it is for this target; else one that starts now."""
    from qtctl.flows.asking import Asking

    if isinstance(started, Asking) and started.target == target:
        return started
    if started is not None:
        started.close()
    from qtctl.api.early import start

    return start(target)


def reuse_reaching(started: "Started | None", target: Target, role: "Role", deadline_s: float = 0) -> "Reaching":
    """The same for a command that asks a host several things. `deadline_s`: of the one that takes longest."""
    from qtctl.flows.reaching import Reaching

    if isinstance(started, Reaching) and (started.target, started.role) == (target, role):
        reaching = started
    else:
        if started is not None:
            started.close()
        from qtctl.api.early import start_reaching

        reaching = start_reaching(target, role)
    reaching.allow(deadline_s)
    return reaching


def find_target(argv: Sequence[str], environ: Mapping[str, str]) -> Target | None:
    """The live host that a command line asks. None if it asks none, or if any word of it is not plainly right."""
    command = next((words for words in COMMANDS if tuple(argv[: len(words)]) == words), None)
    options = _parse_options(argv[len(command) :], COMMANDS[command], FLAGS[command]) if command is not None else None
    if options is None or not _are_acceptable(options) or (command == ("audit",) and environ.get("QTCTL_ENGINE")):
        return None
    return _make_target(options, environ)


def find_units(argv: Sequence[str], environ: Mapping[str, str]) -> UnitsOf | None:
    """The units of one live host that a command line is about. None if any word of it is not plainly right."""
    role = ROLES.get(argv[0]) if argv else None
    if role is None:
        return None
    words, left = _take_words(argv[1:], OF_UNITS[role])
    options = _parse_options(left, OF_UNITS[role], FLAGS_OF_UNITS[role])
    if options is None or not _are_acceptable(options, judged=False):
        return None
    category = options.get("--category")
    shown = options.get("--format", "table")
    if role == "deploy" and ((shown != "table" and not {"--yes", "-y"} & options.keys()) or not (words or category)):
        return None
    return UnitsOf(_make_target(options, environ), role, words, () if category is None else (category,))


def _make_target(options: Mapping[str, str], environ: Mapping[str, str]) -> Target:
    templates = options.get("--templates")
    return Target(
        Path(options.get("--registry") or environ.get("QTCTL_REGISTRY") or "registry"),
        options["--host"],
        options.get("--as"),
        options.get("--user"),
        Path(templates) if templates is not None else None,
        "--become" in options,
    )


def _take_words(argv: Sequence[str], values: Collection[str]) -> tuple[Words, list[str]]:
    """The words that are neither an option nor the value of one, and what is left of the command line."""
    words: list[str] = []
    left: list[str] = []
    for before, each in zip(("", *argv), argv, strict=False):
        (left if each.startswith("-") or before in values else words).append(each)
    return tuple(words), left


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


def _are_acceptable(options: Mapping[str, str], *, judged: bool = True) -> bool:
    """Whether the command will accept these values, as far as that can be told without a registry."""
    if not is_target(options.get("--host", "")) or not is_account(options.get("--user", "root")):
        return False
    if "--format" in options and not _is_offered(options["--format"], judged=judged):
        return False
    return all(_is_writable(options[name], name) for name in ("--save", "--out") if name in options)


def _is_offered(name: str, *, judged: bool) -> bool:
    from qtctl.formats.catalogue import Content, list_offered

    return name in list_offered(Content.JUDGED if judged else Content.DECLARED)


def _is_writable(path: str, option: str) -> bool:
    from qtctl.adapters.files import check_writable
    from qtctl.adapters.saved_file import check_saved

    try:
        (check_saved if option == "--save" else check_writable)(Path(path))
    except InputError:
        return False
    return True
