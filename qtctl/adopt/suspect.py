"""What looks like a secret among what is adopted, and where known ones stand again."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from qtctl.dialects.arguments import argument_spans
from qtctl.dialects.secrets import HIDDEN, harmless, secret_name, secret_spans
from qtctl.dialects.systemd.splitting import Escapes, split
from qtctl.errors import InputError
from qtctl.model.secret import SHORTEST

_Beginnings = Mapping[str, Sequence[tuple[int, set[str]]]]


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


def known_in(text: str, known: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Where known secrets stand as words of their own: start and end."""
    for start, end in _standing(text, known):
        if not (_letter(text[start - 1 : start]) or _letter(text[end : end + 1])):
            yield start, end


def without(text: str, known: frozenset[str]) -> str:
    """A text of ours without the secrets that it may quote."""
    shown, at = "", 0
    for start, end in _standing(text, known):
        if start >= at:
            shown += text[at:start] + HIDDEN
            at = end
    return shown + text[at:]


def _letter(text: str) -> bool:
    return text.isascii() and text.isalnum()


def _standing(text: str, known: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Start and end of each that stands there, of several that begin at one place the longest first.

    In time that grows with the text, however many are known: a stranger's files may be full of them.
    """
    if not known:
        return
    sizes, beginnings = _by_beginning(known)
    for start in range(len(text)):
        for size in sizes:
            for length, those in beginnings.get(text[start : start + size], ()):
                if text[start : start + length] in those:
                    yield start, start + length


@lru_cache(maxsize=8)
def _by_beginning(known: frozenset[str]) -> tuple[tuple[int, ...], _Beginnings]:
    """Sizes of beginnings; and beginning → secrets by their length, the longest first."""
    found: dict[str, dict[int, set[str]]] = {}
    for secret in known:
        found.setdefault(secret[:SHORTEST], {}).setdefault(len(secret), set()).add(secret)
    sizes = tuple(sorted({len(beginning) for beginning in found}, reverse=True))
    return sizes, {beginning: sorted(those.items(), reverse=True) for beginning, those in found.items()}


def clean(text: str) -> bool:
    """Whether a free text shows no secret."""
    return not secret_spans(text)
