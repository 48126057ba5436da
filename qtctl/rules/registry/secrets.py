"""QT109: a secret in the registry. Only its place is shown, never any of it."""

import re
from collections.abc import Iterator, Mapping, Sequence

from qtctl.dialects.arguments import Span, find_argument_spans, is_never_password, takes_password
from qtctl.dialects.secrets import (
    digest,
    find_secret_kind,
    find_secret_spans,
    is_harmless,
    is_secret_name,
    looks_random,
)
from qtctl.dialects.systemd.unitfile import Line
from qtctl.errors import Place
from qtctl.findings.finding import Finding, Severity
from qtctl.model.origin import Origin
from qtctl.rules.locate import find_spot
from qtctl.rules.text_values import (
    Sort,
    Text,
    list_declared_commands,
    list_declared_texts,
    list_rendered_texts,
    split_command,
)
from qtctl.rules.view import Unit, View, ViewRule

_REMEDY = "put it into the host-only file that secrets.env_file names, list its name in secrets.keys, and rotate it"
_BY_NAME = Severity.ERROR, "is a secret by its name, written as a literal"
_HIDDEN = Severity.ERROR, "holds a secret, written as a literal"
_RANDOM = Severity.WARNING, "holds text as random as a key"
_AFTER_P = Severity.WARNING, "may be a password: it follows -p"
_P = ("-p", "-P")
_LONGEST = 65_536
"""The longest command, in characters, whose words are judged by the words before them."""
_MIXED = re.compile(r"(?=[^0-9]*[0-9])(?=[^A-Za-z]*[A-Za-z])")
_NAMES_ONLY = frozenset(("EnvironmentFile", "LoadCredential", "LoadCredentialEncrypted", "SetCredentialEncrypted"))
"""Directives that name a secret's place, or hold it encrypted."""


def judge_secrets(view: View) -> Iterator[Finding]:
    texts = [*(list_declared_texts(view.registry) if view.first else ()), *list_rendered_texts(view)]
    for text in texts:
        found = _find_secret(text)
        if found:
            severity, what = found
            yield QT109.make_broken(text.subject, f"{text.key} {what}", _REMEDY, text.at, severity=severity)
    for command in list_declared_commands(view.registry) if view.first else ():
        yield from _judge_command(command.subject, command.keys, command.words, command.at)
    for unit in view.units:
        yield from _judge_unit(view, unit)


def _find_secret(text: Text) -> tuple[Severity, str] | None:
    """The secret in a text that is not an argument: arguments are judged with the words before them."""
    if text.sort is Sort.ARGUMENT:
        return None
    certain = find_secret_kind(text.value)
    if certain:
        return Severity.ERROR, certain
    if text.sort is not Sort.ENV:
        return None
    if is_secret_name(text.name) and not is_harmless(text.value):
        return _BY_NAME
    return _RANDOM if looks_random(text.value) and not digest(text.name, text.value) else None


def _judge_command(subject: str, keys: Sequence[str], words: tuple[str, ...], at: Origin | Place) -> Iterator[Finding]:
    known, other, long = takes_password(words), is_never_password(words), sum(map(len, words)) > _LONGEST
    judged = [_find_spans(word) for word in words] if long else find_argument_spans(words)
    for number, (key, word, spans) in enumerate(zip(keys, words, judged, strict=True)):
        if not spans or not key:
            continue
        found = _judge_word(word, words[number - 1] if number else "", spans, known=known, other=other)
        if found:
            severity, what = found
            option = word.partition("=")[0] if word.startswith("-") and "=" in word else ""
            shown = f"{key} ({option})" if option else key
            yield QT109.make_broken(subject, f"{shown} {what}", _REMEDY, at, severity=severity)


def _find_spans(word: str) -> list[Span]:
    """In a very long command each word is judged alone, by its form."""
    return [(0, len(word), "")] if find_secret_kind(word) else []


def _judge_word(
    word: str, before: str, spans: Sequence[Span], *, known: bool, other: bool
) -> tuple[Severity, str] | None:
    """`known`: one of the programs uses -p for a password; `other`: one uses it for something else."""
    certain = find_secret_kind(word)
    if certain:
        return Severity.ERROR, certain
    after_p = before in _P or (word[:2] in _P and "=" not in word)
    if after_p and not known:
        return _AFTER_P if _MIXED.search(word) and not other else None
    if all(not name for _, _, name in spans) and looks_random(word):
        name, _, value = word.rpartition("=")
        return None if digest(name or before, value) else _RANDOM
    return _BY_NAME if any(name for _, _, name in spans) else _HIDDEN


def _judge_unit(view: View, unit: Unit) -> Iterator[Finding]:
    """Lines of units other than services, of [systemd] and of a user's own templates: no other key has them."""
    raw = {(section, key) for section, said in _get_raw(view, unit).items() for key in said}
    for line in unit.parsed.directives:
        if line.key in _NAMES_ONLY or line.key == "Environment" or not line.value:
            continue
        at = find_spot(view, unit, line)
        if unit.service is not None and (line.section, line.key) not in raw and isinstance(at, Origin):
            continue
        if line.key.startswith("Exec"):
            words = split_command(line.value)
            yield from _judge_command(unit.subject, [f"{line.key}="] * len(words), words, at)
        else:
            yield from _judge_value(unit, line, at)


def _get_raw(view: View, unit: Unit) -> Mapping[str, Mapping[str, object]]:
    node = view.registry.services.get(unit.subject) if unit.service is not None else None
    return node.systemd if node is not None else {}


def _judge_value(unit: Unit, line: Line, at: Origin | Place) -> Iterator[Finding]:
    what = find_secret_kind(line.value)
    if not what and line.key == "SetCredential" and not is_harmless(line.value.partition(":")[2]):
        what = "is a secret by its name, written as a literal"
    if not what and any(name for _, _, name in find_secret_spans(line.value)):
        what = "holds a secret by its name, written as a literal"
    if what:
        yield QT109.make_broken(unit.subject, f"{line.key}= {what}", _REMEDY, at, severity=Severity.ERROR)


QT109 = ViewRule(
    "QT109",
    "secret written as a literal",
    Severity.ERROR,
    what="A value whose key says that it is a secret, a URL with a password, a private key, a token in a known "
    "format: in env, in commands however they are written (a list, a line, the text of `sh -c`, behind an option, in "
    "an assignment), in `[systemd]` and in units of other kinds. As a warning: text as random as a key, or what "
    "follows -p. Only its location is shown.",
    why="The registry is in git: the secret is in every clone and stays in the history.",
    fix="Put it into the host-only file of `[secrets]`, list its name in `keys`, and rotate it: it is no longer "
    "secret.",
    look=judge_secrets,
)
RULES = (QT109,)
