"""What a change in a unit file needs to take effect, and how it is shown without showing secrets."""

import re
from collections.abc import Iterable
from difflib import unified_diff

from qtctl.dialects import terminal
from qtctl.dialects.arguments import find_argument_spans, mask_lines
from qtctl.dialects.lines import split_file_lines
from qtctl.dialects.secrets import is_harmless, is_secret_name
from qtctl.dialects.systemd.change_class import ChangeClass
from qtctl.dialects.systemd.splitting import Escapes, split
from qtctl.dialects.systemd.table.change_classes import counts_when_stopped, find_change_class
from qtctl.dialects.systemd.unitfile import merge_effective, parse
from qtctl.errors import InputError

_SECRET_KEYS = re.compile(r"\s*(Environment|SetCredential|SetCredentialEncrypted)\s*=", re.IGNORECASE)
_EXEC_KEYS = re.compile(r"\s*Exec[A-Za-z]*\s*=\s*[^\s\\]*", re.IGNORECASE)
_CONTINUED = re.compile(r"\\\s*$")
_PLAIN_KEY = re.compile(r"[\s#;]*[A-Za-z-]{1,60}\s*")
_COMMENT = re.compile(r"\s*[#;]")
_LINE = re.compile(r"\s*($|[#;\[]|[^=]*=)")
"""The lines of a unit file. Any other line may be the end of a value that an editor wrapped."""
_HIDDEN = "(not shown)"


def find_change(old: bytes, new: bytes, name: str) -> ChangeClass:
    """What a unit that was started from `old` needs to match `new`: the most that one of its directives needs.

    Links come from [Install] and are judged by the existing links. A text that cannot be read as a unit file counts as
    needing a restart.
    """
    try:
        before, after = (merge_effective(parse(text.decode(), name)) for text in (old, new))
    except (InputError, UnicodeDecodeError):
        return ChangeClass.RESTART
    keys = {key for key in before.keys() | after.keys() if tuple(before.get(key, ())) != tuple(after.get(key, ()))}
    return max((find_change_class(*key) for key in keys), key=lambda each: each.rank, default=ChangeClass.NOTHING)


def needs_new_start(old: bytes, new: bytes, name: str) -> bool:
    """Whether a unit that was started from `old` must be started again to match `new`."""
    return find_change(old, new, name).starts_anew


def is_stopped_otherwise(old: bytes, new: bytes, name: str) -> bool:
    """Whether a unit would be stopped differently by `new` than by `old`, including commands that changed.

    True for a text that cannot be read as a unit file.
    """
    try:
        before, after = (merge_effective(parse(text.decode(), name)) for text in (old, new))
    except (InputError, UnicodeDecodeError):
        return True
    keys = {key for key in before.keys() | after.keys() if tuple(before.get(key, ())) != tuple(after.get(key, ()))}
    return any(counts_when_stopped(key) for _, key in keys)


def make_diff(old: bytes, new: bytes, path: str) -> str:
    """Unified diff of two unit files, without secrets.

    Left out on both sides: values of Environment= and of credentials, arguments of commands that only the old file has
    (people put passwords there), and whatever else looks like a secret. An assignment may continue on further lines.
    """
    after, before = (_group_lines(text.decode("utf-8", "replace")) for text in (new, old))
    known = frozenset(map(tuple, after))
    lines = unified_diff(_mask_lines(before, known), _mask_lines(after, known), f"host:{path}", path, lineterm="", n=1)
    return "\n".join(lines)


def _group_lines(text: str) -> list[list[str]]:
    """The lines, grouped with those that continue them and with comments in between, which systemd skips."""
    found: list[list[str]] = []
    continued = False
    for line in split_file_lines(text):
        aside = bool(_COMMENT.match(line))
        if continued:
            found[-1].append(line)
        else:
            found.append([line])
        continued = continued if aside and continued else not aside and bool(_CONTINUED.search(line))
    return found


def _mask_lines(assignments: Iterable[list[str]], known: frozenset[tuple[str, ...]]) -> list[str]:
    return [
        terminal.show_line(line)
        for lines in assignments
        for line in _mask_assignment(lines, declared=tuple(lines) in known)
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
    return [f"{_find_key(first)}{_HIDDEN}", *(_HIDDEN for _ in rest)]


def _has_secret_arguments(lines: list[str]) -> bool:
    text = _join_lines(lines)
    try:
        words = split(text.partition("=")[2].strip(), Escapes.C_RELAXED)
    except InputError:
        return not _is_clean(text)
    return any(find_argument_spans(words))


def _join_lines(lines: list[str]) -> str:
    return " ".join(_CONTINUED.sub("", line).strip() for line in lines if not _COMMENT.match(line))


def _is_clean(text: str) -> bool:
    """Whether nothing in a line looks like a secret, taking the key as the name of its value."""
    key, equals, value = text.partition("=")
    named = bool(equals) and is_secret_name(key.strip(" \t#;")) and not is_harmless(value.strip())
    return not named and mask_lines(text) == text


def _find_key(line: str) -> str:
    key, equals, _ = line.partition("=")
    return f"{key}=" if equals and _PLAIN_KEY.fullmatch(key) else ""
