"""Values → the text of unit files and back, by systemd's rules for each kind of directive (252 to 257).

Writers raise InputError, which names the field and never shows the value, if systemd could not give the value back. `%`
is doubled everywhere except in env files; `$` only in Exec*= lines, where systemd expands variables.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from qtctl.dialects.systemd.envfile import check_env_name, parse_env_file, write_env_line
from qtctl.dialects.systemd.splitting import RAW_WORD, WHITESPACE, Escapes, explain_trouble, quote, quote_literal, split
from qtctl.errors import InputError

MAX_LINE = 1024**2 - 4096
"""Bytes of one directive: systemd refuses a file with a line of 1 MiB (LONG_LINE_MAX)."""
MAX_ARGUMENT = 128 * 1024 - 1
"""Bytes of one argument or NAME=value: the kernel's MAX_ARG_STRLEN with its NUL."""
MAX_PATH = 4095
MAIN_PID = "$MAINPID"
"""The one variable that systemd sets for additional commands of a service and that they cannot do without."""
MAX_COMPONENT = 255

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_CONTROL_BUT_TAB = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f]")
_NOT_IN_EXECUTABLE = re.compile("[\x00-\x1f\x7f\"'\\\\]")
_GLOB = re.compile(r"([\\*?\[\]])")
_PREFIXES = "-@:+!"


@dataclass(frozen=True, slots=True)
class ExecCommand:
    """One parsed Exec*= line: `prefixes` as written (of `-@:+!`), the file to run, and the argv of its process."""

    prefixes: str
    path: str
    argv: tuple[str, ...]


def write_exec_line(argv: Sequence[str], field: str = "ExecStart") -> str:
    """An Exec*= value whose process gets exactly `argv`; argv[0] is run, and must be absolute."""
    if not argv:
        raise InputError(f"{field}: no command", hint="the first argument is the program's absolute path", field=field)
    _check_executable(argv[0], field)
    for number, argument in enumerate(argv[1:], start=1):
        _check_argument(argument, f"{field}: argument {number}")
    if _is_unexpanded(argv):
        line = " ".join(quote(word.replace("%", "%%")) for word in (":" + argv[0], *argv[1:]))
    else:
        line = " ".join(write_exec_argument(word) for word in argv)
    if len(line.encode()) > MAX_LINE:
        raise InputError(f"{field}: the command line is longer than systemd reads ({MAX_LINE} bytes)", field=field)
    return line


def write_exec_prefixed(argv: Sequence[str], prefixes: str, field: str) -> str:
    """As `write_exec_line`, with `prefixes` (of `-+!`). An argument `$MAINPID` is the main pid."""
    if prefixes.strip("-+!"):
        raise InputError(f"{field}: not a prefix of a command: {prefixes!r}", hint="- + ! or !!", field=field)
    line = write_exec_line(argv, field)
    if MAIN_PID in argv[1:]:
        if _is_unexpanded(argv):
            raise InputError(
                f"{field}: {MAIN_PID}, and a $ in the program's path",
                hint="systemd takes only one of them",
                field=field,
            )
        line = " ".join(word if word == MAIN_PID else write_exec_argument(word) for word in argv)
    quoted = '"' if line.startswith('"') else ""
    return f"{quoted}{prefixes}{line.removeprefix(quoted)}"


def write_exec_argument(value: str, field: str = "argument") -> str:
    """One argument of an Exec*= line: quoted if necessary, `%` and `$` doubled."""
    _check_argument(value, field)
    return quote(value.replace("%", "%%").replace("$", "$$"))


def list_loaded_argv(argv: Sequence[str]) -> tuple[str, ...]:
    """What systemd's ExecStart property shows for the line of `write_exec_line(argv)`: `$` is still doubled in it."""
    if _is_unexpanded(argv):
        return tuple(argv)
    return tuple(word.replace("$", "$$") for word in argv)


def list_loaded_prefixed(argv: Sequence[str]) -> tuple[str, ...]:
    """The same for `write_exec_prefixed`: an argument `$MAINPID` stays as it is."""
    shown = list_loaded_argv(argv)
    return tuple(given if given == MAIN_PID else word for given, word in zip(argv, shown, strict=True))


def _is_unexpanded(argv: Sequence[str]) -> bool:
    # `$` is never expanded in the path to run, so doubling it there would name another file, but the same text is
    # expanded as argv[0]. The prefix `:` turns expansion off for the whole line.
    return "$" in "".join(argv[:1])


def write_environment_assignment(name: str, value: str) -> str:
    """NAME=value as one word of Environment=."""
    check_env_name(name)
    _refuse(value, f"environment variable {name}", key=f"env.{name}", secret=True)
    _refuse_long(f"{name}={value}", f"environment variable {name}", key=f"env.{name}")
    return quote(f"{name}={value}".replace("%", "%%"))


def write_value(text: str, field: str) -> str:
    """Plain text on one line, such as Description= and SyslogIdentifier=: taken literally except for `%`."""
    _refuse(text, field)
    if _CONTROL_BUT_TAB.search(text):
        raise InputError(
            f"{field}: holds a line break or another control character", hint="write it on one line", field=field
        )
    if text != text.strip(WHITESPACE):
        raise InputError(f"{field}: begins or ends with white space, which systemd strips", field=field)
    return _keep_backslash(text.replace("%", "%%"))


def write_verbatim(text: str, field: str) -> str:
    """A value written as systemd reads it (sizes, times, CPUQuota=150%): one line, not empty."""
    _refuse(text, field)
    if not text or text != text.strip(WHITESPACE) or _CONTROL_BUT_TAB.search(text) or text.endswith("\\"):
        raise InputError(f"{field}: not a value on one line without white space around it", field=field)
    return text


def write_path(text: str, field: str) -> str:
    """One absolute path as the whole value (WorkingDirectory=): no quotes, spaces as they are."""
    simple = simplify_path(text, field)
    if simple != simple.strip(WHITESPACE) or simple.endswith("\\"):
        raise InputError(
            f"{field}: the path ends in white space or a backslash, which systemd would strip", field=field
        )
    return simple.replace("%", "%%")


def write_file_pattern(text: str, field: str) -> str:
    """One absolute path for EnvironmentFile=, which takes glob patterns: their special characters are escaped."""
    write_path(text, field)
    return write_path(_GLOB.sub(r"\\\1", text), field)


def write_path_word(text: str, field: str) -> str:
    """One absolute path in a list of them (ReadWritePaths=)."""
    return quote_literal(simplify_path(text, field).replace("%", "%%"))


def write_path_list(paths: Sequence[str], field: str) -> str:
    """Absolute paths in one value (ReadWritePaths=)."""
    return " ".join(write_path_word(text, field) for text in paths)


def simplify_path(text: str, field: str) -> str:
    """`text` as systemd simplifies it: no empty or `.` components, no slash at the end. InputError if not absolute."""
    _refuse(text, field)
    if not text.startswith("/"):
        raise InputError(f"{field}: not an absolute path", hint="begin it with /", field=field)
    if _CONTROL.search(text):
        raise InputError(f"{field}: the path holds a control character", field=field)
    parts = [part for part in text.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise InputError(f"{field}: the path holds .., which systemd refuses", field=field)
    simple = "/" + "/".join(parts)
    if len(simple.encode()) > MAX_PATH or any(len(part.encode()) > MAX_COMPONENT for part in parts):
        raise InputError(f"{field}: the path, or a name in it, is too long", field=field)
    return simple


def parse_value(text: str) -> str:
    """Reads what `write_value` and `write_path` write. InputError for a specifier, which only the host resolves."""
    return _escape_specifiers(text)


def parse_file_pattern(text: str) -> str:
    """Reads what `write_file_pattern` writes; InputError for a real pattern."""
    plain = re.sub(r"\\(.)", r"\1", _escape_specifiers(text))
    if _GLOB.sub(r"\\\1", plain) != _escape_specifiers(text):
        raise InputError("a pattern of files, not one file")
    return plain


def parse_path_list(text: str) -> tuple[str, ...]:
    """Reads what `write_path_list` writes."""
    return tuple(_escape_specifiers(word) for word in split(text, Escapes.LITERAL))


def parse_environment(text: str) -> tuple[str, ...]:
    """The NAME=value words of an Environment= value."""
    return tuple(_escape_specifiers(word) for word in split(text, Escapes.C))


def split_exec(text: str) -> tuple[str, ...]:
    """The argv that a process gets from an Exec*= value. InputError if it depends on the host or its environment."""
    return parse_exec(text).argv


def parse_exec(text: str) -> ExecCommand:
    """An Exec*= value with one command."""
    prefixes, first, given = _split_command(text)
    argv = tuple(_escape_specifiers(word) for word in given)
    if ":" not in prefixes:
        argv = tuple(_escape_dollars(word) for word in argv)
    return ExecCommand(prefixes, _escape_specifiers(first), argv)


def show_argv(text: str) -> tuple[str, ...]:
    """What systemd shows for an Exec*= value with one command: the program to run, then its arguments as written.

    Specifiers are left to the caller, who knows the unit.
    """
    _, first, given = _split_command(text)
    return (first, *given[1:])


def _split_command(text: str) -> tuple[str, str, Sequence[str]]:
    """Prefixes, the program, and the words of its argv."""
    if ";" in RAW_WORD.findall(text):
        raise InputError("more than one command on the line", hint='a lone ; is written as ";"')
    words = split(RAW_WORD.sub(lambda word: '";"' if word[0] == "\\;" else word[0], text), Escapes.C_RELAXED)
    if not words:
        raise InputError("no command")
    first = words[0].lstrip(_PREFIXES)
    prefixes = words[0][: len(words[0]) - len(first)]
    return prefixes, first, words[1:] if "@" in prefixes else (first, *words[1:])


def parse_prefixed(text: str) -> ExecCommand:
    """Reads what `write_exec_prefixed` writes."""
    return parse_exec(re.sub(r"(?<=[ \t])\$MAINPID(?=[ \t]|$)", "$$MAINPID", text))


def _escape_specifiers(text: str) -> str:
    if re.search(r"%", text.replace("%%", "")):
        raise InputError("a specifier (%…), whose value only the host knows", hint="write % as %%")
    return text.replace("%%", "%")


def _escape_dollars(word: str) -> str:
    rest = word.replace("$$", "")
    if "${" in rest or (rest.startswith("$") and not word.startswith("$$")):
        raise InputError("a variable ($…), whose value only the process's environment knows", hint="write $ as $$")
    return word.replace("$$", "$")


def _check_executable(text: str, field: str) -> None:
    field = f"{field}: the program"
    _refuse(text, field)
    if not text.startswith("/"):
        raise InputError(f"{field} is not an absolute path", hint="begin it with /", field=field)
    if _NOT_IN_EXECUTABLE.search(text):
        raise InputError(
            f"{field} has a quote, a backslash or a control character in its path, which systemd refuses", field=field
        )
    if text.endswith("/"):
        raise InputError(f"{field} is a directory", field=field)
    if len(text.encode()) > MAX_PATH or any(len(part.encode()) > MAX_COMPONENT for part in text.split("/")):
        raise InputError(f"{field} has too long a path, or a name in it is", field=field)


def _check_argument(text: str, field: str) -> None:
    _refuse(text, field)
    _refuse_long(text, field)


def _refuse(text: str, field: str, *, key: str = "", secret: bool = False) -> None:
    reason = explain_trouble(text)
    if reason:
        what = "holds something that systemd does not accept as text" if secret else reason
        raise InputError(f"{field}: {what}", field=key or field)


def _refuse_long(text: str, field: str, *, key: str = "") -> None:
    if len(text.encode()) > MAX_ARGUMENT:
        raise InputError(
            f"{field}: longer than the kernel passes to a process ({MAX_ARGUMENT} bytes)", field=key or field
        )


def _keep_backslash(text: str) -> str:
    """A backslash at the end would join the next line; a space after it prevents that, and systemd strips it."""
    return f"{text} " if text.endswith("\\") else text


__all__ = [
    "ExecCommand",
    "check_env_name",
    "list_loaded_argv",
    "parse_env_file",
    "parse_environment",
    "parse_exec",
    "parse_file_pattern",
    "parse_path_list",
    "parse_prefixed",
    "parse_value",
    "simplify_path",
    "split_exec",
    "write_env_line",
    "write_environment_assignment",
    "write_exec_argument",
    "write_exec_line",
    "write_exec_prefixed",
    "write_file_pattern",
    "write_path",
    "write_path_list",
    "write_path_word",
    "write_value",
    "write_verbatim",
]
