"""Secrets in what is adopted: each stays where it was, and only its name is passed on."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from qtctl.adopt.read import Assignment
from qtctl.adopt.suspect import find_known, looks_secret, settle_spans, shows_no_secret
from qtctl.dialects.arguments import Span, find_argument_spans
from qtctl.dialects.secrets import split_apart
from qtctl.dialects.systemd.splitting import Escapes, quote, split
from qtctl.dialects.systemd.table.lookup import find_first_version
from qtctl.errors import InputError

_PREFIXES = "-@:+!|"
_NOT_IN_NAME = re.compile(r"[^A-Z0-9]+")
_SAFE = frozenset(("EnvironmentFile", "LoadCredential", "LoadCredentialEncrypted", "SetCredentialEncrypted"))


@dataclass(slots=True)
class Hidden:
    """Lines without their secrets. `names`: of those found; `lines`: (path, line, directive, name).

    `known`: secrets found elsewhere in the adoption, which count here too.
    """

    known: frozenset[str] = frozenset()
    names: dict[str, None] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    lines: list[tuple[Assignment, str]] = field(default_factory=list)

    def list_variables(self, said: Assignment) -> Iterator[tuple[str, str]]:
        """The variables of an Environment= that are not secrets. Words that systemd drops are left out."""
        for word in split(said.value, Escapes.C):
            name, equals, value = word.partition("=")
            if not equals or not name:
                continue
            if looks_secret(name, value) or self._find_known(value):
                self._note(said, name)
            else:
                yield name, value

    def mask_line(self, said: Assignment) -> Assignment | None:
        """The assignment as it may be copied; None if nothing of it may be."""
        if said.key.startswith("Exec"):
            return self._hide_command(said)
        if said.key == "SetCredential" and said.value:
            self.lines.append((said, said.value.partition(":")[0]))
            return None
        # The values of PassEnvironment= and ConditionCredential= are names, not secrets.
        name = "" if find_first_version(said.section, said.key) is not None else said.key
        if said.key in _SAFE or not (looks_secret(name, said.value) or self._find_known(said.value)):
            return said
        self._note(said, "")
        return None

    def _hide_command(self, said: Assignment) -> Assignment | None:
        try:
            words = split(said.value, Escapes.C_RELAXED)
        except InputError:
            if shows_no_secret(said.value) and not self._find_known(said.value):
                return said
            self._note(said, "")
            return None
        shown = self.mask_words(said, words)
        return said if shown == list(words) else replace(said, value=" ".join(_list_expanded(shown)))

    def mask_words(self, said: Assignment, words: tuple[str, ...]) -> list[str]:
        """The words of a command, with the name of a variable in place of each secret."""
        spans = find_argument_spans(words)
        spans[1:] = [
            split_apart([*those, *self._find_known(word)]) for word, those in zip(words[1:], spans[1:], strict=True)
        ]
        spans = settle_spans(words, spans)
        return [self._hide_word(said, word, those) for word, those in zip(words, spans, strict=True)]

    def _hide_word(self, said: Assignment, word: str, spans: list[Span]) -> str:
        shown, at = "", 0
        for start, end, name in spans:
            shown += word[at:start] + self._name_variable(said, name)
            at = end
        return shown + word[at:]

    def _find_known(self, text: str) -> list[Span]:
        return [(*span, "") for span in find_known(text, self.known)]

    def _name_variable(self, said: Assignment, option: str) -> str:
        """A name for the value of an option, derived from the option."""
        base = _NOT_IN_NAME.sub("_", option.upper()).strip("_") or "SECRET"
        name = base if base[0].isalpha() else f"SECRET_{base}"
        first = name
        while name in self.names:
            self.numbers[first] = self.numbers.get(first, 1) + 1
            name = f"{base}_{self.numbers[first]}"
        self._note(said, name)
        return f"${{{name}}}"

    def _note(self, said: Assignment, name: str) -> None:
        if name:
            self.names[name] = None
        self.lines.append((said, name))


def _list_expanded(words: list[str]) -> Iterator[str]:
    """The words of a command in which systemd expands variables: the prefix `:`, which prevents that, is dropped."""
    first = words[0]
    program = first.lstrip(_PREFIXES)
    prefixes = first[: len(first) - len(program)]
    literal = ":" in prefixes
    yield quote(prefixes.replace(":", "") + program)
    for word in words[1:]:
        kept = re.sub(r"\$(?!\{[A-Z0-9_]+\})", "$$$$", word) if literal else word
        yield quote(kept) if kept != ";" else kept
