"""Finds what looks like a secret in what is adopted, and other occurrences of known secrets."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from qtctl.dialects.arguments import Span, find_argument_spans
from qtctl.dialects.secrets import HIDDEN, find_secret_spans, is_harmless, is_secret_name, split_apart
from qtctl.dialects.systemd.splitting import Escapes, split
from qtctl.errors import InputError
from qtctl.model.secret import SHORTEST

_Beginnings = Mapping[str, Sequence[tuple[int, set[str]]]]


def looks_secret(name: str, value: str) -> bool:
    """Whether a variable of this name and value looks like a secret."""
    return bool(find_secret_spans(value)) or (is_secret_name(name) and not is_harmless(value))


def list_suspects(key: str, value: str) -> Iterator[str]:
    """What looks like a secret in an assignment, and would be nothing else elsewhere: long, and no plain word."""
    for text in _list_values(key, value):
        yield from list_distinct(text)


def list_distinct(text: str) -> Iterator[str]:
    """A secret without its quotes, unless the same text may mean something else elsewhere."""
    plain = text.strip("\"'")
    if len(plain) >= SHORTEST and not is_harmless(plain) and not (plain.isalpha() and plain.islower()):
        yield plain


def _list_values(key: str, value: str) -> Iterator[str]:
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
            if is_secret_name(name) and not is_harmless(text):
                yield text
    spans = find_argument_spans(words) if key.startswith("Exec") else [find_secret_spans(word) for word in words]
    for word, those in zip(words, spans, strict=True):
        yield from (word[start:end] for start, end, _ in those)


def find_known(text: str, known: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Start and end of known secrets that occur as separate words."""
    for start, end in _find_standing(text, known):
        if not (_is_letter(text[start - 1 : start]) or _is_letter(text[end : end + 1])):
            yield start, end


def hide_known(text: str, known: frozenset[str]) -> str:
    """A text that qtctl wrote, without the secrets that it may quote."""
    shown, at = "", 0
    for start, end in _find_standing(text, known):
        if start >= at:
            shown += text[at:start] + HIDDEN
            at = end
    return shown + text[at:]


def _is_letter(text: str) -> bool:
    return text.isascii() and text.isalnum()


def _find_standing(text: str, known: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Start and end of each occurrence; of several that begin at the same place, the longest first.

    In linear time, however many secrets are known: a stranger's files may be full of them.
    """
    if not known:
        return
    sizes, beginnings = _index_by_beginning(known)
    for start in range(len(text)):
        for size in sizes:
            for length, those in beginnings.get(text[start : start + size], ()):
                if text[start : start + length] in those:
                    yield start, start + length


@lru_cache(maxsize=8)
def _index_by_beginning(known: frozenset[str]) -> tuple[tuple[int, ...], _Beginnings]:
    """Lengths of beginnings; and beginning → secrets, longest first."""
    found: dict[str, dict[int, set[str]]] = {}
    for secret in known:
        found.setdefault(secret[:SHORTEST], {}).setdefault(len(secret), set()).add(secret)
    sizes = tuple(sorted({len(beginning) for beginning in found}, reverse=True))
    return sizes, {beginning: sorted(those.items(), reverse=True) for beginning, those in found.items()}


def shows_no_secret(text: str) -> bool:
    """Whether a free text contains no secret."""
    return not find_secret_spans(text)


def settle_spans(words: Sequence[str], spans: Sequence[list[Span]]) -> list[list[Span]]:
    """The spans of secrets in a command, together with what would look like a secret beside the variables that take
    their place: of `TOKEN=a$(b)c`, `$(b)c` too.
    """
    settled = [*spans]
    if not any(settled):
        return settled
    for _ in range(_ROUNDS):
        shown = [_put_variables(word, those) for word, those in zip(words, settled, strict=True)]
        again = find_argument_spans(tuple(text for text, _ in shown))
        if not any(again):
            break
        settled = [
            split_apart([*those, *(_find_original_span(each, pieces) for each in more)])
            for those, more, (_, pieces) in zip(settled, again, shown, strict=True)
        ]
    return settled


_ROUNDS = 4
_STANDS_FOR = "${X}"


def _put_variables(word: str, spans: list[Span]) -> tuple[str, list[tuple[int, int, int]]]:
    """The word with variables in it, and where each piece of that begins, there and in the word, and where it ends."""
    shown, at, pieces = "", 0, []
    for start, end, _ in spans:
        pieces += [(len(shown), at, start), (len(shown) + start - at, start, end)]
        shown, at = shown + word[at:start] + _STANDS_FOR, end
    pieces.append((len(shown), at, len(word)))
    return shown + word[at:], pieces


def _find_original_span(span: Span, pieces: list[tuple[int, int, int]]) -> Span:
    """In the word, whole variables where it begins or ends in one."""
    start, end, name = span
    begins = [piece for piece in pieces if piece[0] <= start][-1]
    ends = [piece for piece in pieces if piece[0] < end][-1]
    first = begins[1] if _is_variable(begins, pieces) else begins[1] + start - begins[0]
    last = ends[2] if _is_variable(ends, pieces) else ends[1] + end - ends[0]
    return first, last, name


def _is_variable(piece: tuple[int, int, int], pieces: list[tuple[int, int, int]]) -> bool:
    return pieces.index(piece) % 2 == 1
