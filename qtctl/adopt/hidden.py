"""Secrets in what is adopted: each is left where it was, and only a name of it goes on."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from qtctl.adopt.read import Said
from qtctl.dialects.secrets import harmless, random_looking, secret_by_form, secret_name, secret_spans
from qtctl.dialects.systemd.words import Escapes, quote, split
from qtctl.errors import InputError

_PREFIXES = "-@:+!|"
_OPTION = re.compile(r"(--?[A-Za-z][A-Za-z0-9._-]*)(=(.*))?", re.DOTALL)
_NOT_IN_NAME = re.compile(r"[^A-Z0-9]+")
_SAFE = frozenset(("EnvironmentFile", "LoadCredential", "LoadCredentialEncrypted", "SetCredentialEncrypted"))


def hides(name: str, value: str) -> bool:
    """Whether a variable of this name and value looks like a secret."""
    if secret_by_form(value) or random_looking(value):
        return True
    return secret_name(name) and not harmless(value)


def clean(text: str) -> bool:
    """Whether a free text shows no secret."""
    return not secret_spans(text)


@dataclass(slots=True)
class Hidden:
    """Lines without the secrets in them. `names` of those found, `lines`: (path, line, directive, name)."""

    names: dict[str, None] = field(default_factory=dict)
    lines: list[tuple[Said, str]] = field(default_factory=list)

    def environment(self, said: Said) -> Iterator[tuple[str, str]]:
        """The variables of an Environment= that are none. Words that systemd drops are left out."""
        for word in split(said.value, Escapes.C):
            name, equals, value = word.partition("=")
            if not equals or not name:
                continue
            if hides(name, value):
                self._note(said, name)
            else:
                yield name, value

    def line(self, said: Said) -> Said | None:
        """The assignment as it may be copied; None where nothing of it may be."""
        if said.key.startswith("Exec"):
            return self._command(said)
        if said.key == "SetCredential":
            self.lines.append((said, said.value.partition(":")[0]))
            return None
        if said.key in _SAFE or not secret_by_form(said.value):
            return said
        self._note(said, "")
        return None

    def _command(self, said: Said) -> Said:
        try:
            words = split(said.value, Escapes.C_RELAXED)
        except InputError:
            return said
        before = len(self.names)
        shown = [*words[:1], *self._arguments(said, words[1:])]
        if len(self.names) == before and tuple(shown) == words:
            return said
        return replace(said, value=" ".join(_expanded(shown)))

    def _arguments(self, said: Said, words: tuple[str, ...]) -> Iterator[str]:
        option = ""
        for word in words:
            yield self._argument(said, option, word)
            given = _OPTION.fullmatch(word)
            option = given[1] if given and given[2] is None else ""

    def _argument(self, said: Said, option: str, word: str) -> str:
        if option and secret_name(option) and not harmless(word) and not word.startswith("-"):
            return self._variable(said, option)
        given = _OPTION.fullmatch(word)
        if given and given[3] and secret_name(given[1]) and not harmless(given[3]):
            return f"{given[1]}={self._variable(said, given[1])}"
        return self._within(said, option, word)

    def _within(self, said: Said, option: str, word: str) -> str:
        shown, at = "", 0
        for start, end, name in secret_spans(word):
            shown += word[at:start] + self._variable(said, name or option)
            at = end
        return shown + word[at:]

    def _variable(self, said: Said, option: str) -> str:
        """A name for what an option was given, in the words of the option."""
        base = _NOT_IN_NAME.sub("_", option.upper()).strip("_") or "SECRET"
        name = base if base[0].isalpha() else f"SECRET_{base}"
        number = 1
        while name in self.names:
            number += 1
            name = f"{base}_{number}"
        self._note(said, name)
        return f"${{{name}}}"

    def _note(self, said: Said, name: str) -> None:
        if name:
            self.names[name] = None
        self.lines.append((said, name))


def _expanded(words: list[str]) -> Iterator[str]:
    """The words of a command in which systemd expands variables: the prefix `:`, which forbids it, goes."""
    first = words[0]
    program = first.lstrip(_PREFIXES)
    prefixes = first[: len(first) - len(program)]
    literal = ":" in prefixes
    yield quote(prefixes.replace(":", "") + program)
    for word in words[1:]:
        kept = re.sub(r"\$(?!\{[A-Z0-9_]+\})", "$$$$", word) if literal else word
        yield quote(kept) if kept != ";" else kept
