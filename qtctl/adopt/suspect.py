"""What looks like a secret among what is adopted, and where known ones stand again."""

import re
from collections.abc import Iterable, Iterator

from qtctl.dialects.arguments import argument_spans
from qtctl.dialects.secrets import HIDDEN, harmless, secret_name, secret_spans
from qtctl.dialects.systemd.words import Escapes, split
from qtctl.errors import InputError
from qtctl.model.secret import SHORTEST


def hides(name: str, value: str) -> bool:
    """Whether a variable of this name and value looks like a secret."""
    return bool(secret_spans(value)) or (secret_name(name) and not harmless(value))


def values(key: str, value: str) -> Iterator[str]:
    """What looks like a secret in an assignment, and would be nothing else elsewhere: it is long, and no plain word."""
    for text in _values(key, value):
        yield from distinct(text)


def distinct(text: str) -> Iterator[str]:
    """A secret without its quotes, unless the same text may well mean something else elsewhere."""
    plain = text.strip("\"'")
    if len(plain) >= SHORTEST and not harmless(plain) and not (plain.isalpha() and plain.islower()):
        yield plain


def _values(key: str, value: str) -> Iterator[str]:
    if key == "SetCredential":
        yield value.partition(":")[2]
        return
    try:
        words = split(value, Escapes.C_RELAXED if key.startswith("Exec") else Escapes.C)
    except InputError:
        words = (value,)
    if key == "Environment":
        for word in words:
            name, _, text = word.partition("=")
            if secret_name(name) and not harmless(text):
                yield text
    spans = argument_spans(words) if key.startswith("Exec") else [secret_spans(word) for word in words]
    for word, those in zip(words, spans, strict=True):
        yield from (word[start:end] for start, end, _ in those)


def known_in(text: str, known: Iterable[str]) -> Iterator[re.Match[str]]:
    """Where known secrets stand as words of their own."""
    for secret in known:
        yield from re.finditer(rf"(?<![A-Za-z0-9]){re.escape(secret)}(?![A-Za-z0-9])", text)


def without(text: str, known: Iterable[str]) -> str:
    """A text of ours without the secrets that it may quote."""
    for secret in known:
        text = text.replace(secret, HIDDEN)
    return text


def clean(text: str) -> bool:
    """Whether a free text shows no secret."""
    return not secret_spans(text)
