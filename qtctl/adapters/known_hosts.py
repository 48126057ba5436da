"""known_hosts as OpenSSH reads it (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT): names to keys. Pure.

paramiko's own reader knows no markers (@revoked), no patterns and no negation.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

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
    """What known_hosts says of one host."""

    lines: tuple[Line, ...]

    @property
    def keys(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if not line.marker)

    @property
    def algorithms(self) -> tuple[str, ...]:
        """Signature algorithms of the known keys: only these may be negotiated, else a known host looks changed."""
        types = dict.fromkeys(line.key_type for line in self.keys)
        return tuple(name for key_type in types for name in _ALGORITHMS.get(key_type, (key_type,)))

    def judge(self, blob: bytes) -> str:
        """known, revoked, changed (another key of this host is known) or unknown."""
        if any(line.marker == "@revoked" and line.blob == blob for line in self.lines):
            return "revoked"
        if any(line.blob == blob for line in self.keys):
            return "known"
        return "changed" if self.keys else "unknown"


def fingerprint(blob: bytes) -> str:
    """SHA256:…, as ssh-keygen -l prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def look_up(texts: Iterable[tuple[str, str]], name: str) -> Known:
    """All lines that name a host. `texts` are (file name, content); `name` as Settings.known_as has it."""
    found = (_line(file, number, raw, name) for file, text in texts for number, raw in enumerate(text.splitlines(), 1))
    return Known(tuple(line for line in found if line is not None))


def bare(name: str) -> str:
    """`[host]:port` without its port: OpenSSH accepts a key kept under the plain name too, where it is the same."""
    return name[1 : name.rindex("]")] if name.startswith("[") and "]:" in name else name


def _line(file: str, number: int, raw: str, name: str) -> Line | None:
    fields = raw.split()
    if not fields or fields[0].startswith("#"):
        return None
    marker = fields.pop(0) if fields[0].startswith("@") else ""
    if len(fields) < 3 or not _names(fields[0], name):  # noqa: PLR2004 - names, key type, key
        return None
    try:
        blob = base64.b64decode(fields[2], validate=True)
    except (binascii.Error, ValueError):
        return None
    return Line(marker, fields[1], blob, file, number)


def _names(field: str, name: str) -> bool:
    """Whether the first field of a line means this host: a hash, or patterns of which none that matches is negated."""
    if field.startswith("|1|"):
        return _hashed(field, name)
    patterns = [pattern.lower() for pattern in field.split(",")]
    if any(pattern.startswith("!") and _matches(pattern[1:], name) for pattern in patterns):
        return False
    return any(_matches(pattern, name) for pattern in patterns if not pattern.startswith("!"))


def _matches(pattern: str, name: str) -> bool:
    # OpenSSH knows only * and ?; the brackets of [host]:port are no character class.
    return fnmatchcase(name, pattern.replace("[", "[[]"))


def _hashed(field: str, name: str) -> bool:
    parts = field.split("|")
    if len(parts) != 4:  # noqa: PLR2004 - '', 1, salt, hash
        return False
    try:
        salt, digest = base64.b64decode(parts[2]), base64.b64decode(parts[3])
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(hmac.new(salt, name.encode(), hashlib.sha1).digest(), digest)
