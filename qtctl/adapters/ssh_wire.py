"""SSH's own encoding of keys (RFC 4253, section 6.6): fields with a length before each. Pure."""

from dataclasses import dataclass

RSA = "ssh-rsa"
CERTIFICATE = "-cert-v01@openssh.com"
"""How the type of a certificate ends."""
RSA_SIGNATURES = ("rsa-sha2-512", "rsa-sha2-256")
"""How an RSA key may sign; never with SHA-1."""


class Malformed(ValueError):
    """The bytes are not a key."""


@dataclass(slots=True)
class Fields:
    """Reads one field after another. Malformed if the bytes end before the field does."""

    data: bytes
    at: int = 0

    def read_bytes(self, count: int) -> bytes:
        if self.at + count > len(self.data):
            raise Malformed("it ends too early")
        self.at += count
        return self.data[self.at - count : self.at]

    def read_number(self, size: int) -> int:
        return int.from_bytes(self.read_bytes(size))

    def read_string(self) -> bytes:
        return self.read_bytes(self.read_number(4))

    def read_text(self) -> str:
        return self.read_string().decode("utf-8", "replace")

    def read_strings(self) -> tuple[bytes, ...]:
        """All remaining fields."""
        found = []
        while self.at < len(self.data):
            found.append(self.read_string())
        return tuple(found)


def encode_string(value: bytes) -> bytes:
    return len(value).to_bytes(4) + value


def read_type(blob: bytes) -> str:
    """The type of a key, '' for bytes that are not a key."""
    try:
        return Fields(blob).read_text()
    except Malformed:
        return ""


def read_rsa_bits(blob: bytes) -> int | None:
    """The size of an RSA key; None for keys of other types. Malformed for a broken one."""
    fields = Fields(blob)
    if fields.read_text() != RSA:
        return None
    fields.read_string()  # the exponent
    return int.from_bytes(fields.read_string()).bit_length()
