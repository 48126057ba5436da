"""What looks like a secret: by the name of a setting, by its form, by how random it is.

Texts come from strangers, so each pattern takes time in proportion to the text: it can begin only where no other match
of it is under way, or its length is bounded. The cases are in tests/bench/growing.py.
"""

import re
from collections import Counter
from collections.abc import Iterator
from math import log2

_NAME = re.compile(
    r"(^|_)(SECRET|PASSWORD|PASSWD|PASS|PWD|PASSPHRASE|TOKEN|CREDENTIALS?|APIKEY|(API|ACCESS|PRIVATE|SECRET|ENCRYPTION|"
    r"SIGNING|AUTH|MASTER|LICENSE)_KEY)(_|$)"
)
_NOT_ITSELF = re.compile(
    r"(^|_)(FILE|PATH|DIR|NAME|ENV|TTL|SEC|SECONDS|S|MS|TIMEOUT|LENGTH|LEN|SIZE|LIMIT|COUNT|MAX|MIN|TYPE|ENABLED|EXPIRY|"
    r"EXPIRES|HEADER|ALGORITHM|ALG|INTERVAL|ISSUER|REQUIRED|ROTATION|URL|URI|ENDPOINT|PREFIX|SYMBOL|ADDRESS)$"
)
"""What a name ends with that speaks about a secret and holds none."""
_PLACEHOLDER = re.compile(
    r"|\$\{?\w+\}?|<[^>]*>|\*+|true|false|yes|no|on|off|none|null|[0-9]{1,4}(\.[0-9]+)?", re.IGNORECASE
)
_PLACEHOLDER_MAX = 256
"""Characters. What is longer was written by nobody who meant to leave a secret out."""
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----|\bAGE-SECRET-KEY-1|PuTTY-User-Key-File")
_URL_PASSWORD = re.compile(r"(?<=[A-Za-z0-9+.-])://[^/\s:@]*:([^@/\s]+)@")
_KNOWN = re.compile(
    r"\b(AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{40,}|glpat-[\w-]{20,}|xox[abprs]-[\w-]{10,}|"
    r"sk-[\w-]{20,}|sk_live_\w{16,}|AIza[\w-]{35}|[0-9]{8,10}:[\w-]{35})(?![\w-])|"
    r"discord(app)?\.com/api/webhooks/[0-9]+/[\w-]{30,}|hooks\.slack\.com/services/T\w+/B\w+/\w{16,}"
)
_JSON_WEB_TOKEN = re.compile(r"(?<![\w-])([\w-]++)(?=(\.eyJ[\w-]{8,}\.[\w-]*))")
_JSON_WEB_HEADER = re.compile(r"\beyJ[\w-]{8}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_PIECE = re.compile(r"[A-Za-z0-9+_-]{20,}={0,2}")
_HEX = re.compile(r"[0-9a-f]{32,}|[0-9A-F]{32,}")
_WORDY = re.compile(r"[A-Z]?[a-z]{4,}")
_MIXED_BITS, _HEX_BITS = 3.6, 3.0
"""Bits a character of random text: base64 of 20 characters has about 4, hex of 32 about 3.6."""


def secret_by_form(value: str) -> str:
    """What kind of secret it is whatever it is called; "" for none."""
    if _passwords(value):
        return "holds a URL with a password"
    if _PRIVATE_KEY.search(value):
        return "holds a private key"
    return "holds a token of a known form" if _KNOWN.search(value) or _tokens(value) else ""


def secret_name(name: str) -> bool:
    """Whether a setting or an option of this name holds a secret: BINANCE_API_KEY, --db-password."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.lstrip("-")).upper().replace("-", "_").replace(".", "_")
    return bool(_NAME.search(words)) and not _NOT_ITSELF.search(words)


def harmless(value: str) -> bool:
    """Nothing, a switch, a placeholder, or the path of a file that holds it."""
    return _placeholder(value) or value.startswith(("/", "~/"))


def _placeholder(value: str) -> bool:
    return len(value) <= _PLACEHOLDER_MAX and bool(_PLACEHOLDER.fullmatch(value))


def _passwords(text: str) -> list[tuple[int, int]]:
    """Where passwords of URLs are."""
    if "://" not in text:
        return []
    return [match.span(1) for match in _URL_PASSWORD.finditer(text) if not _placeholder(match[1])]


def _tokens(text: str) -> list[tuple[int, int]]:
    """Where JSON web tokens are. The first part may follow other words: x-eyJ….eyJ….…"""
    if ".eyJ" not in text:
        return []
    found = (
        (_JSON_WEB_HEADER.search(text, match.start(1), match.end(1)), match.end(2))
        for match in _JSON_WEB_TOKEN.finditer(text)
    )
    return [(header.start(), end) for header, end in found if header]


def random_looking(value: str) -> bool:
    """Whether some of it is as random as a key."""
    if _UUID.fullmatch(value) or value.startswith("/") or "://" in value:
        return False
    return any(_random(piece[0].rstrip("=")) for piece in _PIECE.finditer(value))


def _random(piece: str) -> bool:
    if _HEX.fullmatch(piece):
        return _bits(piece) >= _HEX_BITS
    classes = (any(map(str.isupper, piece)), any(map(str.islower, piece)), any(map(str.isdigit, piece)))
    if not all(classes) or sum(map(len, _WORDY.findall(piece))) > len(piece) // 2:
        return False
    return _bits(piece) >= _MIXED_BITS


def _bits(text: str) -> float:
    """Shannon's entropy of its characters."""
    return -sum(n / len(text) * log2(n / len(text)) for n in Counter(text).values())


_ASSIGNED = re.compile(r"(?<![A-Za-z0-9_.-])[0-9.-]*+([A-Za-z_][A-Za-z0-9_.-]*+)\s*+[=:]\s*+(?=(\S))")
_BARE = re.compile(r"""[^\s"';&|]+""")


def secret_spans(text: str) -> list[tuple[int, int, str]]:
    """Where in a longer text something looks like a secret: start, end, and the name it is given there, or ''."""
    found = [(*span, "") for spans in (_passwords(text), _tokens(text)) for span in spans]
    found += [(*match.span(), "") for pattern in (_PRIVATE_KEY, _KNOWN) for match in pattern.finditer(text)]
    found += _assigned(text)
    if not (_UUID.fullmatch(text) or "://" in text or text.startswith("/")):
        found += [(*match.span(), "") for match in _PIECE.finditer(text) if _random(match[0].rstrip("="))]
    return _apart(found)


def _assigned(text: str) -> Iterator[tuple[int, int, str]]:
    """The values that are given to names of secrets. A value may hold assignments itself: env=PASSWORD=x."""
    ends = _Ends(text)
    for match in _ASSIGNED.finditer(text):
        start = match.start(2)
        end = ends.of(start)
        shown = text[start : min(end, start + _PLACEHOLDER_MAX + len("''") + 1)]
        if end > start and secret_name(match[1]) and not harmless(shown.strip("\"'")):
            yield start, end, match[1]


class _Ends:
    """Where values end. One that ends another value has been looked for already, and is not looked for again."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._bare = 0
        self._unclosed = {"'": False, '"': False}

    def of(self, start: int) -> int:
        """`start` where there is no value: a quote that does not end."""
        quote = self._text[start]
        if quote not in self._unclosed:
            if start >= self._bare:
                bare = _BARE.match(self._text, start)
                self._bare = bare.end() if bare else start
            return max(self._bare, start)
        if self._unclosed[quote]:
            return start
        end = self._text.find(quote, start + 1)
        self._unclosed[quote] = end < 0
        return end + 1 or start


def _apart(spans: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """In their order, those that overlap as one, which has the first name that any of them has."""
    kept: list[tuple[int, int, str]] = []
    for start, end, name in sorted(spans, key=lambda each: (each[0], -each[1])):
        if kept and start < kept[-1][1]:
            kept[-1] = (kept[-1][0], max(end, kept[-1][1]), kept[-1][2] or name)
        else:
            kept.append((start, end, name))
    return kept
