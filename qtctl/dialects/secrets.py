"""What looks like a secret: by the name of a setting, by its form, by its randomness.

Texts come from strangers, so each pattern runs in linear time: a match can begin only where no other match is under
way, or its length is bounded. The cases are in tests/bench/growing.py.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from math import log2

_NAME = re.compile(
    r"(REQUIREPASS|MASTERAUTH|PASSWORD|PASSWD|PASSPHRASE|PASSCODE|SECRET|APIKEY|CREDENTIAL)S?[0-9]*(_|$)|"
    r"(^|_)((DB|PG|SSH|SUDO|ROOT|USER|ADMIN|MYSQL|REDIS|MONGO|SMTP|MAIL|LDAP|FTP)?PASS|PWD|PASSWRD)[0-9]*(_|$)|"
    r"(^|_)((API|AUTH|ACCESS|REFRESH|BEARER|SESSION|BOT|CSRF|ID)?TOKEN|(API|AUTH|ACCESS|BEARER)_TOKENS)[0-9]*(_|$)|"
    r"(^|_)(API|ACCESS|PRIVATE|SECRET|ENCRYPTION|SIGNING|AUTH|MASTER|LICENSE|HMAC|SESSION|JWT|DEPLOY|COOKIE|SHARED|"
    r"STORAGE|WEBHOOK)_?KEY[0-9]*(_|$)|"
    r"(^|_)(REDISCLI|REDIS|BASIC|PROXY|REGISTRY)_AUTH$|(^|_)(AUTHORIZATION|BEARER|JWT|PAT|MNEMONIC|PEPPER|SEED_PHRASE)$"
)
_NOT_ITSELF = re.compile(
    r"(^|_)(FILE|PATH|DIR|NAME|ENV|TTL|SEC|SECONDS|S|MS|TIMEOUT|LENGTH|LEN|SIZE|LIMIT|COUNT|MAX|MIN|TYPE|ENABLED|EXPIRY|"
    r"EXPIRES|HEADER|ALGORITHM|ALG|INTERVAL|ISSUER|REQUIRED|ROTATION|URL|URI|ENDPOINT|PREFIX|SYMBOL|ADDRESS|"
    r"HASHERS?|HASHING|BACKENDS?|PROVIDERS?|CLASS|POLICY|VALIDATORS?|MODE|FORMAT|VERSION|STRATEGY|ROUNDS|COST|"
    r"ITERATIONS|MANAGER|SCOPES?|AUDIENCE|LIFETIME|AGE|DAYS|HOURS|MINUTES|REGEX|PATTERN|FIELD|COLUMN|LABEL|KIND|SOURCE|"
    r"MECHANISM|METHOD|SCHEME|ENCODING|CHARSET|HOST|PORT|SERVER|SERVICE|STORE|RETRIES|STATUS|STRENGTH|BUCKET|CACHE|ENCRYPTION|AUTHENTICATION|AUTHENTICATOR|CHECKER|GENERATOR|"
    r"HANDLER|DRIVER|ENGINE|ADAPTER|PROMPT|COMMAND|HISTORY|COMPLEXITY|EXPIRATION|DURATION|VALIDITY|REALM|SERIALIZER|"
    r"FACTORY|ALGORITHMS|CIPHER|DIGEST|FUNCTION|MODULE|PLUGIN|DIRECTORY|VALIDATION|LOCATION)$"
)
"""Endings of names that are about a secret but do not hold one."""
_NO_PASSWORD = re.compile(
    r"(^|_)(PASS_(THROUGH|THRU|FILTER|BAND|RATE)|(FIRST|SECOND|LAST|ONE|TWO|MULTI|SINGLE|HIGH|LOW|BAND)_PASS)(_|$)"
)
"""Names with "pass" that are not passwords."""
_OF_DIGEST = re.compile(r"(^|_)(SHA[0-9]*|MD5|COMMIT|REV|REVISION|DIGEST|CHECKSUM|FINGERPRINT|ETAG)$")
_PLACEHOLDER = re.compile(
    r"|\$\$?\{?\w+\}?|<[^>]*>|\*+|true|false|yes|no|on|off|none|null|[0-9]{1,4}(\.[0-9]+)?", re.IGNORECASE
)
_PLACEHOLDER_MAX = 256
"""Characters. A longer text is not a placeholder."""
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----|\bAGE-SECRET-KEY-1|PuTTY-User-Key-File")
_KEY_ENDS = re.compile(r"-----END [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----")
_URL_USER = re.compile(r"(?<=[A-Za-z0-9+.-])://([^/\s:@?#]*)([:@])")
_URL_PORT = re.compile(r"[0-9]{1,5}(?=[/?#,]|$)")
_URL_ENDS = re.compile(r"[\s\"'<>`]")
_RUN = re.compile(r"\S+")
_HEADER = re.compile(r"(?i)(?<![\w-])(?:proxy-)?authorization[\"']?\s*[:=]\s*[\"']?(?=\S)")
_SCHEME = re.compile(
    r"(?<![\w-])(?i:bearer|basic)\s+(?![A-Z][a-z]+(?![\w.~+/=-]))(?=[\w.~+/-]*[0-9A-Z_=])([\w.~+/-]{6,}={0,2})"
)
_HEADER_ENDS = re.compile(r"[\"'\r\n]")
_KNOWN = re.compile(
    r"\b(AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{40,}|glpat-[\w-]{20,}|xox[abprs]-[\w-]{10,}|"
    r"sk-[\w-]{20,}|sk_live_\w{16,}|AIza[\w-]{35}|[0-9]{8,10}:[\w-]{35})(?![\w-])|"
    r"discord(app)?\.com/api/webhooks/[0-9]+/[\w-]{30,}|hooks\.slack\.com/services/T\w+/B\w+/\w{16,}"
)
_JSON_WEB_TOKEN = re.compile(r"(?<![\w-])([\w-]++)(?=(\.eyJ[\w-]{8,}\.[\w-]*))")
_JSON_WEB_HEADER = re.compile(r"\beyJ[\w-]{8}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_PIECE_LENGTH = 20
_PIECE = re.compile(rf"[A-Za-z0-9+_-]{{{_PIECE_LENGTH},}}={{0,2}}")
_HEX = re.compile(r"[0-9a-f]{32,}|[0-9A-F]{32,}")
_WORDY = re.compile(r"[A-Z]?[a-z]{4,}")
HIDDEN = "(hidden)"
_MIXED_BITS, _HEX_BITS = 3.6, 3.0
"""Bits per character of random text: base64 of 20 characters has about 4, hex of 32 about 3.6."""


def find_secret_kind(value: str) -> str:
    """The kind of secret that a value is, whatever its name; "" for none."""
    if _find_passwords(value):
        return "holds a URL with a password"
    if _PRIVATE_KEY.search(value):
        return "holds a private key"
    return "holds a token of a known form" if _KNOWN.search(value) or _find_tokens(value) else ""


def is_secret_name(name: str) -> bool:
    """Whether a setting or an option of this name holds a secret: BINANCE_API_KEY, --db-password."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.lstrip("-")).upper().replace("-", "_").replace(".", "_")
    return bool(_NAME.search(words)) and not _NOT_ITSELF.search(words) and not _NO_PASSWORD.search(words)


def is_harmless(value: str) -> bool:
    """Whether it is empty, a switch, a placeholder, or the path of a file that holds the secret."""
    return _is_placeholder(value) or value.startswith(("/", "~/"))


def _is_placeholder(value: str) -> bool:
    return len(value) <= _PLACEHOLDER_MAX and bool(_PLACEHOLDER.fullmatch(value))


def _find_passwords(text: str) -> list[tuple[int, int]]:
    """Where passwords in URLs are: up to the last @ of a URL, whatever they contain; and user names that are keys."""
    if "://" not in text:
        return []
    found: list[tuple[int, int]] = []
    end = at = -1
    for match in _URL_USER.finditer(text):
        start = match.end()
        if match[2] == "@":
            found += [match.span(1)] if _is_random(match[1]) or _KNOWN.fullmatch(match[1]) else []
            continue
        if start > end:
            stop = _URL_ENDS.search(text, start)
            end = stop.start() if stop else len(text)
            at = text.rfind("@", start, end)
        if start < at and not _URL_PORT.match(text, start, end) and not _is_placeholder(_cut(text, start, at)):
            found += [(start, at)]
    return found


def _cut(text: str, start: int, end: int) -> str:
    """As much of it as is needed to recognise a placeholder."""
    return text[start : min(end, start + _PLACEHOLDER_MAX + 1)]


def _find_tokens(text: str) -> list[tuple[int, int]]:
    """Where JSON web tokens are. The first part may follow other words: x-eyJ….eyJ….…"""
    if ".eyJ" not in text:
        return []
    found = (
        (_JSON_WEB_HEADER.search(text, match.start(1), match.end(1)), match.end(2))
        for match in _JSON_WEB_TOKEN.finditer(text)
    )
    return [(header.start(), end) for header, end in found if header]


def digest(name: str, value: str) -> bool:
    """Whether the name says that a hexadecimal value is the digest of something public."""
    words = name.lstrip("-").upper().replace("-", "_")
    return bool(_OF_DIGEST.search(words)) and bool(_HEX.fullmatch(value.rpartition(":")[2]))


def looks_random(value: str) -> bool:
    """Whether part of it is as random as a key."""
    return any(_split_pieces(value))


def _split_pieces(text: str) -> Iterator[tuple[int, int]]:
    """The parts that are judged for randomness; of a URL only the query. Paths are not keys."""
    if len(text) < _PIECE_LENGTH or _UUID.fullmatch(text) or (text.startswith("/") and "://" not in text):
        return
    parts = _find_queries(text) if "://" in text else [(0, len(text))]
    for start, end in parts:
        for piece in _PIECE.finditer(text, start, end):
            if _is_random(piece[0].rstrip("=")):
                yield piece.span()


def _find_queries(text: str) -> Iterator[tuple[int, int]]:
    """The queries of URLs."""
    for run in _RUN.finditer(text):
        scheme = text.find("://", *run.span())
        mark = text.find("?", scheme, run.end()) if scheme >= 0 else -1
        if mark >= 0:
            yield mark, run.end()


def _is_random(piece: str) -> bool:
    if _HEX.fullmatch(piece):
        return _measure_entropy(piece) >= _HEX_BITS
    classes = (any(map(str.isupper, piece)), any(map(str.islower, piece)), any(map(str.isdigit, piece)))
    if not all(classes) or sum(map(len, _WORDY.findall(piece))) > len(piece) // 2:
        return False
    return _measure_entropy(piece) >= _MIXED_BITS


def _measure_entropy(text: str) -> float:
    """The Shannon entropy of its characters."""
    return -sum(n / len(text) * log2(n / len(text)) for n in Counter(text).values())


_REPEATED_MAX = 256
"""Characters of a text whose spans are kept."""
_ASSIGNED = re.compile(r"(?<![A-Za-z0-9_.-])[0-9.-]*+([A-Za-z_][A-Za-z0-9_.-]*+)\\*+[\"']?\s*+[=:]\s*+\\*+(?=(\S))")
_BARE = re.compile(r"""[^\s"';&|]+""")


def find_secret_spans(text: str) -> list[tuple[int, int, str]]:
    """Where in a longer text something looks like a secret: start, end, and the name it is given there, or ''."""
    return list(_find_spans_again(text)) if len(text) <= _REPEATED_MAX else _find_spans(text)


@lru_cache(maxsize=4096)
def _find_spans_again(text: str) -> tuple[tuple[int, int, str], ...]:
    """The same short values stand in many units, and each of them is looked at several times."""
    return tuple(_find_spans(text))


def _find_spans(text: str) -> list[tuple[int, int, str]]:
    spans = [*_find_passwords(text), *_find_tokens(text), *_find_keys(text), *_find_headers(text), *_split_pieces(text)]
    spans += [match.span() for match in _KNOWN.finditer(text)]
    found = [(*span, "") for span in spans] + list(_find_assigned(text))
    return split_apart(found)


def mask(text: str) -> str:
    """A text that may be shown, with HIDDEN instead of everything that looks like a secret."""
    return cut(text, find_secret_spans(text))


def mask_message(text: str) -> str:
    """Masks an error message.

    It may quote what it is about: names with a colon are its own words, and digests are not keys.
    """
    spans = [*_find_passwords(text), *_find_tokens(text), *_find_keys(text), *_find_headers(text)]
    spans += [match.span() for match in _KNOWN.finditer(text)]
    found = [(*span, "") for span in spans]
    return cut(text, split_apart([*found, *(each for each in _find_assigned(text) if text[each[0] - 1] == "=")]))


def cut(text: str, spans: Iterable[tuple[int, int, str]]) -> str:
    """The text with HIDDEN in place of each span."""
    shown, at = "", 0
    for start, end, _ in spans:
        shown, at = shown + text[at:start] + HIDDEN, end
    return shown + text[at:]


def _find_keys(text: str) -> Iterator[tuple[int, int]]:
    """Where private keys are, from beginning to end; one that does not end takes the rest of the text."""
    after = 0
    for match in _PRIVATE_KEY.finditer(text):
        if match.start() >= after:
            ends = _KEY_ENDS.search(text, match.end())
            after = ends.end() if ends else len(text)
            yield match.start(), after


def _find_headers(text: str) -> Iterator[tuple[int, int]]:
    """Where HTTP credentials are: the rest of an Authorization header, and what follows Bearer."""
    after = 0
    for match in _HEADER.finditer(text):
        if match.end() >= after:
            ends = _HEADER_ENDS.search(text, match.end())
            after = ends.start() if ends else len(text)
            if not _is_placeholder(_cut(text, match.end(), after)):
                yield match.end(), after
    yield from (match.span(1) for match in _SCHEME.finditer(text))


def _find_assigned(text: str) -> Iterator[tuple[int, int, str]]:
    """The values assigned to names of secrets. A value may contain assignments itself: env=PASSWORD=x."""
    if "=" not in text and ":" not in text:
        return
    ends = _Ends(text)
    for match in _ASSIGNED.finditer(text):
        start = match.start(2)
        end = ends.of(start)
        shown = text[start : min(end, start + _PLACEHOLDER_MAX + len("''") + 1)]
        if end > start and is_secret_name(match[1]) and not is_harmless(shown.strip("\"'")):
            yield start, end, match[1]


class _Ends:
    """Where values end. An end that was searched for once is not searched for again."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._bare = 0
        self._unclosed = {"'": False, '"': False}

    def of(self, start: int) -> int:
        """Equals `start` if there is no value: the quote does not end."""
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


def split_apart(spans: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Sorted, with overlapping ones joined; a joined span has the first name among them."""
    kept: list[tuple[int, int, str]] = []
    for start, end, name in sorted(spans, key=lambda each: (each[0], -each[1])):
        if kept and start < kept[-1][1]:
            kept[-1] = (kept[-1][0], max(end, kept[-1][1]), kept[-1][2] or name)
        else:
            kept.append((start, end, name))
    return kept
