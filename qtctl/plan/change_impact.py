"""Which changes of a unit file need more than a daemon-reload, and how a change is shown without showing secrets."""

import re
from collections.abc import Iterable
from difflib import unified_diff
from functools import cache

from qtctl.dialects import terminal
from qtctl.dialects.arguments import argument_spans, masked_lines
from qtctl.dialects.lines import file_lines
from qtctl.dialects.secrets import harmless, secret_name
from qtctl.dialects.systemd.splitting import Escapes, split
from qtctl.dialects.systemd.unitfile import effective, parse
from qtctl.errors import InputError
from qtctl.model.limits import Resources
from qtctl.model.vocabulary import directives_of

# Keys that only the manager reads, and reads again at a daemon-reload.
_MANAGER_KEYS = frozenset(
    {
        "ExecReload", "ExecStop", "ExecStopPost", "FinalKillSignal", "KillMode", "KillSignal", "Restart",
        "RestartForceExitStatus", "RestartKillSignal", "RestartMaxDelaySec", "RestartPreventExitStatus", "RestartSec",
        "RestartSteps", "RuntimeMaxSec", "SendSIGHUP", "SendSIGKILL", "SuccessExitStatus", "TimeoutSec",
        "TimeoutStartSec", "TimeoutStopSec",
    }
)  # fmt: skip
_MANAGER_KEYS_OF_OTHERS = _MANAGER_KEYS | {
    "ExecStopPre", "ForceUnmount", "LazyUnmount", "MaxConnections", "MaxConnectionsPerSource", "PollLimitBurst",
    "PollLimitIntervalSec", "RemoveOnStop", "TriggerLimitBurst", "TriggerLimitIntervalSec",
}  # fmt: skip
STARTED_ANEW = frozenset({"Service", "Socket", "Path", "Mount", "Automount", "Swap"})
"""Sections of units that have to start anew for a change. A reload is enough for timers, slices and targets."""

_SECRET_KEYS = re.compile(r"\s*(Environment|SetCredential|SetCredentialEncrypted)\s*=", re.IGNORECASE)
_EXEC_KEYS = re.compile(r"\s*Exec[A-Za-z]*\s*=\s*[^\s\\]*", re.IGNORECASE)
_CONTINUED = re.compile(r"\\\s*$")
_PLAIN_KEY = re.compile(r"[\s#;]*[A-Za-z-]{1,60}\s*")
_COMMENT = re.compile(r"\s*[#;]")
_LINE = re.compile(r"\s*($|[#;\[]|[^=]*=)")
"""The lines of a unit file. Any other line may be the end of a value that an editor wrapped."""
_HIDDEN = "(not shown)"


def needs_new_start(old: bytes, new: bytes, name: str) -> bool:
    """Whether a unit that was started from `old` must be started again to match `new`.

    A text that cannot be read as a unit file counts as different.
    """
    try:
        return _start_settings(old, name) != _start_settings(new, name)
    except (InputError, UnicodeDecodeError):
        return True


def _start_settings(content: bytes, name: str) -> dict[tuple[str, str], tuple[str, ...]]:
    values = effective(parse(content.decode(), name))
    return {key: tuple(value) for key, value in values.items() if _counts_at_start(*key)}


def _counts_at_start(section: str, key: str) -> bool:
    if section == "Unit":
        return key == "JoinsNamespaceOf"
    if section == "Service":
        return key not in _MANAGER_KEYS
    return section in STARTED_ANEW and key not in _MANAGER_KEYS_OF_OTHERS and key not in _resource_keys()


@cache
def _resource_keys() -> frozenset[str]:
    """Settings of control groups, which systemd applies again at each reload."""
    return frozenset(directive for _, directive in directives_of(Resources, ""))


def shown_diff(old: bytes, new: bytes, path: str) -> str:
    """Unified diff of two unit files. Values of Environment= and credentials are left out on both sides,

    and so are the arguments of commands that are only in the old file, people put passwords there, and whatever else
    looks like a secret. An assignment is one also where it is continued on other lines.
    """
    after, before = (_group_lines(text.decode("utf-8", "replace")) for text in (new, old))
    known = frozenset(map(tuple, after))
    lines = unified_diff(_mask_lines(before, known), _mask_lines(after, known), f"host:{path}", path, lineterm="", n=1)
    return "\n".join(lines)


def _group_lines(text: str) -> list[list[str]]:
    """The lines, grouped with those that continue them and with comments in between, which systemd skips."""
    found: list[list[str]] = []
    continued = False
    for line in file_lines(text):
        aside = bool(_COMMENT.match(line))
        if continued:
            found[-1].append(line)
        else:
            found.append([line])
        continued = continued if aside and continued else not aside and bool(_CONTINUED.search(line))
    return found


def _mask_lines(assignments: Iterable[list[str]], known: frozenset[tuple[str, ...]]) -> list[str]:
    return [
        terminal.line(line) for lines in assignments for line in _mask_assignment(lines, declared=tuple(lines) in known)
    ]


def _mask_assignment(lines: list[str], *, declared: bool) -> list[str]:
    """One assignment with its secrets hidden, in as many lines as it has."""
    first, *rest = lines
    if _SECRET_KEYS.match(first):
        return [f"{first.partition('=')[0]}={_HIDDEN}", *(_HIDDEN for _ in rest)]
    if not declared and not _LINE.match(first):
        return [_HIDDEN for _ in lines]
    command = _EXEC_KEYS.match(first)
    if command and (not declared or _has_secret_arguments(lines)):
        more = first[command.end() :].strip()
        return [f"{command[0]} {_HIDDEN}" if more else command[0], *(_HIDDEN for _ in rest)]
    if all(map(_is_clean, (*lines, _join_lines(lines)))):
        return lines
    return [f"{_key_of(first)}{_HIDDEN}", *(_HIDDEN for _ in rest)]


def _has_secret_arguments(lines: list[str]) -> bool:
    text = _join_lines(lines)
    try:
        words = split(text.partition("=")[2].strip(), Escapes.C_RELAXED)
    except InputError:
        return not _is_clean(text)
    return any(argument_spans(words))


def _join_lines(lines: list[str]) -> str:
    return " ".join(_CONTINUED.sub("", line).strip() for line in lines if not _COMMENT.match(line))


def _is_clean(text: str) -> bool:
    """Whether nothing of a line looks like a secret, the key being the name of its value."""
    key, equals, value = text.partition("=")
    named = bool(equals) and secret_name(key.strip(" \t#;")) and not harmless(value.strip())
    return not named and masked_lines(text) == text


def _key_of(line: str) -> str:
    key, equals, _ = line.partition("=")
    return f"{key}=" if equals and _PLAIN_KEY.fullmatch(key) else ""
