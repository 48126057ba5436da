"""The commands of an Exec*= value as systemd shows them once loaded: split and unquoted, nothing expanded."""

from qtctl.dialects.systemd.quoting import ExecCommand
from qtctl.dialects.systemd.splitting import RAW_WORD, WHITESPACE, Escapes, split, split_as_written
from qtctl.errors import InputError

_PREFIXES = "-@:+!|"


def read_commands(text: str) -> tuple[ExecCommand, ...]:
    """Each command of a value; a `;` word separates them. `$` and `%` stay. InputError: systemd drops the line."""
    found: list[ExecCommand] = []
    words: list[str] = []
    for raw in (*split_as_written(text), ";"):
        if raw != ";":
            words += split('";"' if raw == "\\;" else raw, Escapes.C_RELAXED)
        elif words:
            found.append(_read_command(words))
            words = []
    if not found:
        raise InputError("no command")
    return tuple(found)


def split_raw_words(text: str) -> tuple[str, ...]:
    """The words of a value as written; the last is "" if its quote is not closed."""
    found: list[str] = []
    at = 0
    while at < len(text):
        if text[at] in WHITESPACE:
            at += 1
            continue
        word = RAW_WORD.match(text, at)
        if word is None or (word.end() < len(text) and text[word.end()] not in WHITESPACE):
            return (*found, "")
        found.append(word[0])
        at = word.end()
    return tuple(found)


def _read_command(words: list[str]) -> ExecCommand:
    path = words[0].lstrip(_PREFIXES)
    prefixes = words[0][: len(words[0]) - len(path)]
    if not path:
        raise InputError("a command prefix without a command")
    given = words[1:] if "@" in prefixes else [path, *words[1:]]
    if not given:
        raise InputError("the prefix @ without a process name after the program")
    return ExecCommand(prefixes, path, tuple(given))
