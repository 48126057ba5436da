"""Host certificates as OpenSSH checks them (PROTOCOL.certkeys, sshkey.c, sshconnect.c)."""

import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from qtctl.adapters.ssh_wire import CERTIFICATE, RSA, RSA_SIGNATURES, Fields, Malformed, encode_string, read_type
from qtctl.dialects.wording import join_some

_HOST = 2
_MOST_PRINCIPALS = 256
_SIGNATURE_PARTS = 2
_PARTS = {
    "ssh-ed25519": 1,
    "ecdsa-sha2-nistp256": 2,
    "ecdsa-sha2-nistp384": 2,
    "ecdsa-sha2-nistp521": 2,
    RSA: 2,
}
"""Fields of a public key after its type."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate says. `plain` and `authority`: keys in wire format; `signed`: what the authority signed."""

    plain: bytes
    kind: int
    principals: tuple[str, ...]
    valid_after: int
    valid_before: int
    critical: tuple[bytes, ...]
    authority: bytes
    signed: bytes
    signature: bytes


def parse(blob: bytes) -> Certificate:
    """Read a certificate in wire format. Malformed for anything else."""
    fields = Fields(blob)
    key_type = fields.read_text().removesuffix(CERTIFICATE)
    if key_type not in _PARTS or not read_type(blob).endswith(CERTIFICATE):
        raise Malformed("not a certificate of a known type")
    fields.read_string()  # the nonce
    plain = encode_string(key_type.encode()) + b"".join(
        encode_string(fields.read_string()) for _ in range(_PARTS[key_type])
    )
    fields.read_number(8)  # the serial number
    kind = fields.read_number(4)
    fields.read_string()  # the identity, a comment
    principals = Fields(fields.read_string()).read_strings()
    if len(principals) > _MOST_PRINCIPALS:
        raise Malformed("too many principals")
    after, before = fields.read_number(8), fields.read_number(8)
    critical = Fields(fields.read_string()).read_strings()
    Fields(fields.read_string()).read_strings()  # extensions: hosts have none
    fields.read_string()  # reserved
    authority = fields.read_string()
    signed = blob[: fields.at]
    signature = fields.read_string()
    if fields.at != len(blob):
        raise Malformed("something follows its signature")
    names = tuple(name.decode("utf-8", "replace") for name in principals)
    return Certificate(plain, kind, names, after, before, critical, authority, signed, signature)


def find_fault(
    certificate: Certificate, name: str, signatures: Collection[str], now: float | None = None
) -> str | None:
    """Why the certificate does not prove the host `name`; None if it does. The caller checks who signed it.

    `signatures`: the algorithms that an authority may sign with (CASignatureAlgorithms); empty: all that are known.
    """
    if certificate.kind != _HOST:
        return "it is not a host certificate"
    at = time.time() if now is None else now
    if not certificate.valid_after <= at < certificate.valid_before:
        return f"it is valid from {_format_day(certificate.valid_after)} to {_format_day(certificate.valid_before)}"
    if not certificate.principals:
        return "it names no host"
    if name not in certificate.principals:
        return f"it is for {join_some(certificate.principals, 3)}, not for {name}"
    if certificate.critical:
        return "it has critical options, which no host certificate may have"
    return _find_signature_fault(certificate, signatures)


def _find_signature_fault(certificate: Certificate, signatures: Collection[str]) -> str | None:
    import paramiko  # noqa: PLC0415 - takes 0.06 s, and few hosts have certificates

    key_type = read_type(certificate.authority)
    algorithm = read_type(certificate.signature)
    if _count_fields(certificate.signature) != _SIGNATURE_PARTS:
        return "its signature is wrong"
    if algorithm not in (RSA_SIGNATURES if key_type == RSA else (key_type,)) or key_type not in _PARTS:
        return f"it is signed with {algorithm or 'nothing'} by a key of type {key_type or 'none'}"
    if signatures and algorithm not in signatures:
        return f"it is signed with {algorithm}, which CASignatureAlgorithms does not allow"
    try:
        key = paramiko.PKey.from_type_string(key_type, certificate.authority)
        holds = key.verify_ssh_sig(certificate.signed, paramiko.Message(certificate.signature))
    except Exception:  # noqa: BLE001 - the libraries below raise whatever a host's bytes lead them to
        holds = False
    return None if holds else "its signature is wrong"


def _count_fields(blob: bytes) -> int:
    """The number of its fields; 0 if it is malformed."""
    try:
        return len(Fields(blob).read_strings())
    except Malformed:
        return 0


def _format_day(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (OverflowError, ValueError, OSError):
        return "a time beyond the calendar"
