"""A secret given to this process: it cannot be printed by mistake, and is kept out of other texts."""

import re
from collections.abc import Iterator
from typing import NoReturn, Self

HIDDEN = "(hidden)"
SHORTEST = 6
"""Characters. A shorter secret would be found in unrelated texts, and hiding it there would give it away."""
_HEAD = 16
"""So many characters identify a long secret: programs shorten what they quote."""
_GROUPS = 8
"""Groups of base64 that are too long to occur by chance."""
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "'\"'\"'"}


class Secret:
    """A password or key. Only `reveal` gives its text: it is not part of any string, JSON, traceback or pickle."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"Secret{HIDDEN}"

    def __str__(self) -> str:
        return HIDDEN

    def __format__(self, spec: str) -> str:
        return HIDDEN

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        from hmac import compare_digest  # noqa: PLC0415 - a command that is given no secret does without

        return compare_digest(_encode(self._text), _encode(other._text))

    def __hash__(self) -> int:
        """The same for all secrets: a table of hashes reveals nothing."""
        return hash(Secret)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _: object) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")


class Withheld:
    """Secrets that may not be in any text that goes out: error replies quote what was sent."""

    def __init__(self, shortest: int = SHORTEST) -> None:
        """`shortest`: secrets with fewer characters are not searched for."""
        self._shortest = shortest
        self._patterns: list[re.Pattern[str]] = []
        self._long: list[str] = []

    def add(self, secret: Secret) -> None:
        text = secret.reveal()
        if len(text) >= self._shortest:
            self._patterns.append(re.compile("|".join(_list_patterns(text))))
        if len(text) > _HEAD:
            self._long.append(text)

    def out_of(self, text: str) -> str:
        """The text with HIDDEN for each of them: as it is, shortened, or as quoting and encoding write it."""
        for pattern in self._patterns:
            text = pattern.sub(HIDDEN, text)
        for secret in self._long:
            text = _hide_beginnings(text, secret)
        return text


def _hide_beginnings(text: str, secret: str) -> str:
    """Also hides a secret that was cut off after at least _HEAD characters."""
    first, *parts = text.split(secret[:_HEAD])
    rest = secret[_HEAD:]
    return HIDDEN.join([first, *(part[_count_alike(part, rest) :] for part in parts)])


def _count_alike(one: str, other: str) -> int:
    """The length of the common beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (mine, its) in pairs if mine != its), min(len(one), len(other)))


def _list_patterns(text: str) -> Iterator[str]:
    """Regular expressions, the longest first."""
    from urllib.parse import quote, quote_plus  # noqa: PLC0415 - as above

    encoded = {quote(text, safe=""), quote_plus(text), *_list_base64_patterns(text), _encode(text).hex()}
    yield "".join(map(_make_character_pattern, text))
    yield from sorted(map(re.escape, encoded - {text}), key=len, reverse=True)


def _make_character_pattern(char: str) -> str:
    """One character, as it is or as shells, JSON, Python, Markdown, HTML, XML and workflow commands write it."""
    ways = [(r"\\{1,4}" if char == "\\" else r"\\{0,2}" + re.escape(char))]
    ways += [f"%{ord(char):02X}", f"&#{ord(char)};"] if char.isascii() and not char.isalnum() else []
    ways += [re.escape(_ESCAPES[char])] if char in _ESCAPES else []
    if not char.isascii() or not char.isprintable():
        ways += [rf"\\u{unit}" for unit in (f"{ord(char):04x}", f"{ord(char):08x}")] + [rf"\\x{ord(char):02x}"]
    return f"(?:{'|'.join(ways)})"


def _list_base64_patterns(text: str) -> Iterator[str]:
    """Alone, and at the end of something longer such as HTTP's Basic: without letters that also encode other text."""
    import base64  # noqa: PLC0415 - as above

    yield base64.b64encode(_encode(text)).decode().rstrip("=")
    for before in range(3):
        whole = base64.b64encode(b"." * before + _encode(text)).decode()
        own = whole[4 if before else 0 : -4 if whole.endswith("=") else None]
        if len(own) >= _GROUPS:
            yield own


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
