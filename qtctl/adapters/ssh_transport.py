"""paramiko's transport, restricted to what OpenSSH's settings allow and to what a host may send."""

import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import paramiko

from qtctl.adapters import ssh_errors
from qtctl.adapters.host_keys import HostKeys
from qtctl.adapters.ssh_bounds import BoundedPacketizer, BoundedTransport
from qtctl.adapters.ssh_config import Settings
from qtctl.adapters.ssh_wire import CERTIFICATE, RSA, RSA_SIGNATURES, read_type

_MOST_HELD = 1000
"""Messages."""
_SMALLEST_GROUP = 2048
"""Bits of a group that the host chooses; OpenSSH's DH_GRP_MIN."""
_GROUP_EXCHANGE = "diffie-hellman-group-exchange-sha256"
_CURVE, _CURVE_OF_LIBSSH = "curve25519-sha256", "curve25519-sha256@libssh.org"


class Packets(BoundedPacketizer):
    """Rekeys as RekeyLimit says."""

    most_bytes = 0
    most_seconds = 0
    _since = 0.0

    def limit(self, size: int, seconds: int) -> None:
        """RekeyLimit: new keys after so many bytes, and after so many seconds; 0 for no limit."""
        if size:
            self.REKEY_BYTES = min(self.REKEY_BYTES, size)
        self.most_seconds, self._since = seconds, time.monotonic()

    def send_message(self, data: paramiko.Message) -> None:
        super().send_message(data)
        if self.most_seconds and time.monotonic() - self._since > self.most_seconds:
            self._since = time.monotonic()
            self._trigger_rekey()  # type: ignore[attr-defined]


class _Released(threading.Event):
    """Set when a key exchange has ended; then a callback runs too."""

    def __init__(self, then: Callable[[], None]) -> None:
        super().__init__()
        self._then = then

    def set(self) -> None:
        super().set()
        self._then()


def _choose_exchanges() -> dict[str, Any]:
    """paramiko's key exchanges, the curve under its second name too, and no group that OpenSSH would refuse."""
    found: dict[str, Any] = dict(paramiko.Transport._kex_info)  # type: ignore[attr-defined]  # noqa: SLF001
    if _CURVE_OF_LIBSSH in found:
        found.setdefault(_CURVE, found[_CURVE_OF_LIBSSH])
    if (group := found.get(_GROUP_EXCHANGE)) is not None and group.min_bits < _SMALLEST_GROUP:
        found[_GROUP_EXCHANGE] = type("GroupExchange", (group,), {"min_bits": _SMALLEST_GROUP})
    return found


class Transport(BoundedTransport):
    """A connection that negotiates what both OpenSSH's settings and paramiko have, in OpenSSH's order but for AES-GCM.

    `shown`: the host's key or certificate, in wire format, once keys are exchanged. Unreachable, naming the option,
    where nothing is left to negotiate.
    """

    _kex_info: ClassVar[dict[str, Any]] = _choose_exchanges()

    packetizer: Packets

    def __init__(self, sock: "socket.socket | paramiko.Channel", settings: Settings, keys: HostKeys) -> None:
        super().__init__(sock, Packets)
        self.shown = b""
        wanted = settings.algorithms
        options = self.get_security_options()
        options.ciphers = _put_one_pass_first(_find_common(settings, "Ciphers", wanted.ciphers, options.ciphers))
        options.digests = _find_common(settings, "MACs", wanted.macs, options.digests)
        options.kex = _find_common(settings, "KexAlgorithms", wanted.kex, (*options.kex, _CURVE))
        plain = tuple(options.key_types)
        known = (*(name + CERTIFICATE for name in plain), *plain)
        self._host_key_types = keys.choose_algorithms(
            _find_common(settings, "HostKeyAlgorithms", wanted.host_keys, known)
        )
        self.packetizer.limit(*settings.rekey)
        self._held: list[paramiko.Message] = []
        self.clear_to_send = _Released(self._release)

    @property
    def preferred_keys(self) -> tuple[str, ...]:
        return self._host_key_types

    def sign_with(self, names: Sequence[str]) -> None:
        """Which signatures our RSA key may make, best first."""
        self._preferred_pubkeys = tuple(names)

    def _send_user_message(self, data: paramiko.Message) -> None:
        """Answers of the reading thread during a key exchange are sent after it.

        paramiko would wait for the end of an exchange in the very thread that must end it.
        """
        if threading.current_thread() is self and not self.clear_to_send.is_set():
            self._held.append(data)
            if len(self._held) > _MOST_HELD:
                raise paramiko.SSHException("too many requests during a key exchange")
            return
        super()._send_user_message(data)

    def _release(self) -> None:
        held, self._held = self._held, []
        for data in held:
            self._send_message(data)  # type: ignore[attr-defined]

    def _verify_key(self, host_key: bytes, sig: bytes) -> None:
        """Also checks that key and signature have the negotiated type, and that later exchanges show the same key."""
        agreed = self.host_key_type or ""
        base = agreed.removesuffix(CERTIFICATE)
        suffix = agreed[len(base) :]
        key_type = (RSA if base in RSA_SIGNATURES else base) + suffix
        if read_type(host_key) != key_type or read_type(sig) != base:
            raise paramiko.SSHException(f"its host key or signature is not of the type agreed on, {agreed}")
        if self.shown not in (b"", host_key):
            raise paramiko.SSHException("it changed its host key during the connection")
        super()._verify_key(host_key, sig)  # type: ignore[misc]
        self.shown = host_key


def _put_one_pass_first(ciphers: Sequence[str]) -> tuple[str, ...]:
    """AES-GCM before ciphers that need a MAC, whose packets paramiko reads and checks in Python."""
    return tuple(sorted(ciphers, key=lambda name: "-gcm@" not in name))


def _find_common(settings: Settings, option: str, wanted: Sequence[str], supported: Sequence[str]) -> tuple[str, ...]:
    """What is `wanted` and `supported`, in the order of `wanted`; anything for an option that ssh did not print."""
    if not wanted:
        return tuple(supported)
    if found := tuple(name for name in wanted if name in supported):
        return found
    raise ssh_errors.explain_nothing_in_common(settings, option, wanted, supported)
