"""known_hosts as OpenSSH reads it (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT): names to keys. Pure.

paramiko's own reader knows no markers (@revoked), no patterns and no negation.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass

from qtctl.adapters.ssh_wire import read_type

AUTHORITY, REVOKED = "@cert-authority", "@revoked"
_BLANKS = b" \t"
_LONGEST_PATTERN = 1023
"""Bytes; to OpenSSH, a line with a longer pattern matches nothing."""
_SALT = 20
_ALGORITHMS = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256")}


@dataclass(frozen=True, slots=True)
class Line:
    """One line that names the host. `marker`: '', @revoked or @cert-authority. `blob`: the key in SSH wire format."""

    marker: str
    key_type: str
    blob: bytes
    file: str
    number: int


@dataclass(frozen=True, slots=True)
class Known:
    """What known_hosts says about one host."""

    lines: tuple[Line, ...]

    @property
    def keys(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if not line.marker)

    @property
    def algorithms(self) -> tuple[str, ...]:
        """Signature algorithms of the known keys: with others, a known host would seem to have changed."""
        types = dict.fromkeys(line.key_type for line in self.keys)
        return tuple(name for key_type in types for name in _ALGORITHMS.get(key_type, (key_type,)))

    @property
    def authorities(self) -> tuple[Line, ...]:
        """The authorities whose certificates prove this host."""
        return tuple(line for line in self.lines if line.marker == AUTHORITY)

    def is_revoked(self, blob: bytes) -> bool:
        """Whether a key, or the key of an authority, is revoked for this host."""
        return any(line.marker == REVOKED and line.blob == blob for line in self.lines)

    @property
    def speaks_of_certificates(self) -> bool:
        """Whether a host's certificate can matter: it may prove the host, or be revoked."""
        return any(line.marker for line in self.lines)

    def judge(self, blob: bytes) -> str:
        """known, revoked, changed (another key of this host is known) or unknown."""
        if self.is_revoked(blob):
            return "revoked"
        if any(line.blob == blob for line in self.keys):
            return "known"
        return "changed" if self.keys else "unknown"


def format_fingerprint(blob: bytes) -> str:
    """SHA256:…, as ssh-keygen -l prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def look_up(files: Iterable[tuple[str, bytes]], name: str) -> Known:
    """All lines that name a host. `files` are (name, content); `name` as in Settings.known_as."""
    wanted = name.encode("utf-8", "surrogateescape").lower()
    found = (
        line
        for file, content in files
        for number, raw in enumerate(content.split(b"\n"), 1)
        if (line := _parse_line(file, number, raw, wanted)) is not None
    )
    return Known(tuple(found))


def strip_port(name: str) -> str:
    """`[host]:port` without its port: OpenSSH also accepts a key kept under the plain name, if it is the same."""
    return name[1 : name.rindex("]")] if name.startswith("[") and "]:" in name else name


def _parse_line(file: str, number: int, raw: bytes, name: bytes) -> Line | None:
    """As OpenSSH reads it: a line ends at a line feed or NUL, and only blanks and tabs separate its fields."""
    marker, text = _split_marker(raw.split(b"\0", 1)[0].lstrip(_BLANKS))
    fields = text.replace(b"\t", b" ").split(b" ", 1)
    if len(fields) < 2 or not _matches_names(fields[0], name):  # noqa: PLR2004 - names, then type and key
        return None
    key = [field for field in fields[1].split(b" ") if field][:2]
    blob = _decode_blob(key[1]) if len(key) > 1 else None
    if blob is None:
        return None
    key_type = key[0].decode("utf-8", "replace")
    if marker != REVOKED and read_type(blob) != key_type:
        return None
    return Line(marker, key_type, blob, file, number)


def _split_marker(text: bytes) -> tuple[str, bytes]:
    """The marker of a line and the rest; nothing if OpenSSH skips the line."""
    if text.startswith(b"#"):
        return "", b""
    if not text.startswith(b"@"):
        return "", text
    for marker in (AUTHORITY, REVOKED):
        rest = text.removeprefix(marker.encode())
        # With a tab after the marker, OpenSSH skips the line. Here it still revokes a key, but trusts nobody.
        if rest != text and (rest[:1] == b" " or (rest[:1] == b"\t" and marker == REVOKED)):
            rest = rest.lstrip(_BLANKS)
            return marker, b"" if rest.startswith(b"@") else rest
    return "", b""


def _decode_blob(text: bytes) -> bytes | None:
    try:
        return base64.b64decode(text.strip(b"\r\v\f"), validate=True)
    except (binascii.Error, ValueError):
        return None


def _matches_names(field: bytes, name: bytes) -> bool:
    """Whether the first field of a line means this host: a hash, or patterns, none of which is a matching negation."""
    if field.startswith(b"|"):
        return _matches_hash(field, name)
    patterns = field.lower().split(b",")
    if any(len(pattern) > _LONGEST_PATTERN for pattern in patterns):
        return False
    if any(pattern.startswith(b"!") and matches_pattern(pattern[1:], name) for pattern in patterns):
        return False
    return any(matches_pattern(pattern, name) for pattern in patterns if not pattern.startswith(b"!"))


def matches_pattern(pattern: bytes, name: bytes) -> bool:
    """Whether the pattern matches. OpenSSH knows `*` and `?` only; brackets are not character classes.

    Takes no longer than the length of one times the other.
    """
    if b"*" not in pattern and b"?" not in pattern:
        return pattern == name
    at, here, star, resume = 0, 0, -1, 0
    while here < len(name):
        if pattern[at : at + 1] == b"*":
            star, resume = at, here
            at += 1
        elif pattern[at : at + 1] in (b"?", name[here : here + 1]):
            at, here = at + 1, here + 1
        elif star >= 0:
            resume += 1
            at, here = star + 1, resume
        else:
            return False
    return not pattern[at:].strip(b"*")


def _matches_hash(field: bytes, name: bytes) -> bool:
    parts = field.split(b"|")
    if len(parts) != 4 or parts[1] != b"1":  # noqa: PLR2004 - '', 1, salt, hash
        return False
    try:
        salt, digest = base64.b64decode(parts[2], validate=True), base64.b64decode(parts[3], validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(salt) == _SALT and hmac.compare_digest(hmac.new(salt, name, hashlib.sha1).digest(), digest)
