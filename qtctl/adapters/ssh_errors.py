"""What can go wrong between here and a host, as typed errors that say what to do."""

import errno
import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING

from qtctl.adapters.bounds import shorten_output
from qtctl.adapters.ssh_config import Settings
from qtctl.dialects.shell import quote
from qtctl.dialects.wording import join_some
from qtctl.errors import HostError, NameUnknown, TemporarilyUnreachable, Unreachable

if TYPE_CHECKING:
    from qtctl.adapters.known_hosts import Line  # hashlib, which it needs, takes 3 ms: not before `ssh -G` is asked

LOST_HINT = (
    "the host or the network went away, or sshd could start no process there: run again, and see `journalctl -u ssh`"
)
_NO_BANNER = "Error reading SSH protocol banner"
"""paramiko's words if the host closes the connection at once, as sshd does when too many log in at the same time."""
_PASSING = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN)
_SHOWN = 200
_SOME = 6


def name_login(settings: Settings) -> str:
    return f"{settings.user}@{settings.hostname}:{settings.port}"


def explain_no_tcp(settings: Settings, error: OSError, timeout_s: float) -> Unreachable:
    """The TCP connection was not made."""
    if isinstance(error, socket.gaierror):
        return NameUnknown(
            f"the name {settings.hostname} does not resolve",
            host=settings.target,
            login=name_login(settings),
            hint="declare its address in hosts.toml, or a HostName in ssh_config",
        )
    if isinstance(error, TimeoutError):
        return TemporarilyUnreachable(
            f"no answer in {timeout_s:g} s",
            host=settings.target,
            login=name_login(settings),
            hint="is the host up, and no firewall in between?",
        )
    if isinstance(error, ConnectionRefusedError):
        hint = "is sshd running there, on this port?"
        return TemporarilyUnreachable("connection refused", host=settings.target, login=name_login(settings), hint=hint)
    kind = TemporarilyUnreachable if _may_pass(error) else Unreachable
    return kind(
        str(error.strerror or error),
        host=settings.target,
        login=name_login(settings),
        hint="check the network to the host",
    )


def explain_no_source(settings: Settings, error: OSError) -> Unreachable:
    """The connection cannot begin at BindAddress."""
    return Unreachable(
        f"BindAddress {settings.bind_address}: {error.strerror or error}",
        host=settings.target,
        login=name_login(settings),
        hint=f"name an address of this machine, in {settings.config}",
    )


def explain_bad_name(target: str, what: str, name: str) -> Unreachable:
    """A name that ssh would reject, or that a shell could misread."""
    return Unreachable(
        f"{what} {_quote(name)} contains characters that no such name may have",
        host=_quote(target),
        hint="letters, digits and . - _ are safe",
    )


def _quote(name: str) -> str:
    """Quote a name, without control characters."""
    return name if name.isprintable() and len(name) <= _SHOWN else ascii(name[:_SHOWN])


def explain_too_much(target: str) -> Unreachable:
    """`ssh -G` prints without end."""
    return Unreachable("`ssh -G` printed more than 1 MB", host=target, hint=f"try `ssh -G {quote(target)}`")


def explain_cannot_honour(settings: Settings, option: str, value: str, why: str) -> Unreachable:
    """An option that ssh obeys and qtctl cannot."""
    return Unreachable(
        f"qtctl cannot honour `{option} {_quote(value)}`: {why}",
        host=settings.target,
        login=name_login(settings),
        hint=f"change {option} for this host in {settings.config}",
    )


def explain_nothing_in_common(
    settings: Settings, option: str, wanted: Sequence[str], supported: Sequence[str]
) -> Unreachable:
    """An option that allows nothing that paramiko has."""
    return Unreachable(
        f"{option} allows nothing that qtctl supports: {join_some(wanted, _SOME)}",
        host=settings.target,
        login=name_login(settings),
        hint=f"add one of {join_some(supported, _SOME)} to {option} for this host in {settings.config}",
    )


def explain_not_offered(settings: Settings, option: str, wanted: Sequence[str]) -> Unreachable:
    """The host supports nothing that the option allows."""
    return Unreachable(
        f"the host supports nothing that {option} allows: {join_some(wanted, _SOME)}",
        host=settings.target,
        login=name_login(settings),
        hint=f"`ssh -v {quote(settings.target)}` shows what the host offers; {option} is set in {settings.config}",
    )


def explain_small_key(settings: Settings, bits: int) -> Unreachable:
    """RequiredRSASize: the host's key is too short."""
    return Unreachable(
        f"its RSA host key has {bits} bits, RequiredRSASize asks for {settings.required_rsa_size}",
        host=settings.target,
        login=name_login(settings),
        hint="give the host a longer key, or one of type ed25519",
    )


def explain_unusable_revoked_keys(settings: Settings, file: str, why: str) -> Unreachable:
    """RevokedHostKeys names a file that cannot be used: no key is trusted then, as in ssh."""
    return Unreachable(
        f"RevokedHostKeys {file}: {why}",
        host=settings.target,
        login=name_login(settings),
        hint=f"repair the file, or change RevokedHostKeys in {settings.config}: without it no host key is trusted",
    )


def explain_not_certified(settings: Settings, reason: str, offered: str, files: tuple[str, ...]) -> Unreachable:
    """known_hosts has an authority for the host, and no certificate proves it, nor is its own key known."""
    return Unreachable(
        f"{reason}; its own key is not accepted: {offered}",
        host=settings.target,
        login=name_login(settings),
        hint=f"give the host a certificate for {settings.certified_as}, or compare its key and add it to "
        f"{files[0] if files else 'known_hosts'}",
    )


def explain_other_key_for_address(settings: Settings, peer: str, line: "Line") -> Unreachable:
    """CheckHostIP: the address is known with another key than the name."""
    return Unreachable(
        f"CheckHostIP: {line.file}:{line.number} has another key for its address {peer}",
        host=settings.target,
        login=name_login(settings),
        hint="compare keys on the host, then correct that line; or set CheckHostIP no",
    )


def explain_too_many_jumps(settings: Settings, most: int) -> Unreachable:
    """Too many jump hosts behind each other, perhaps in a loop."""
    return Unreachable(
        f"more than {most} jump hosts in a row",
        host=settings.target,
        login=name_login(settings),
        hint="do their ProxyJump lines form a loop?",
    )


def explain_not_reached_from_jump(settings: Settings, said: str) -> Unreachable:
    """The jump host opens no connection to the host."""
    return TemporarilyUnreachable(
        f"not reached from its jump host: {shorten_output(said)}",
        host=settings.target,
        login=name_login(settings),
        hint="does the jump host allow forwarding, and reach it?",
    )


def explain_no_handshake(settings: Settings, error: BaseException) -> Unreachable:
    """TCP works, SSH does not."""
    words = shorten_output(str(error)) or type(error).__name__
    kind = TemporarilyUnreachable if _may_pass(error) or _NO_BANNER in words else Unreachable
    return kind(
        f"no SSH handshake: {words}",
        host=settings.target,
        login=name_login(settings),
        hint=f"try `ssh -v {quote(settings.target)}`: wrong port, or sshd's MaxStartups?",
    )


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, EOFError | TimeoutError | ConnectionError) or (
        isinstance(error, OSError) and error.errno in _PASSING
    )


def explain_host_key(settings: Settings, verdict: str, offered: str, files: tuple[str, ...]) -> Unreachable:
    """`verdict`: unknown, changed or revoked; `offered`: type and fingerprint of the key that the host showed."""
    kept = files[0] if files else "known_hosts"
    scan = f"ssh-keyscan -p {settings.port} {quote(settings.hostname)}"
    forget = f"ssh-keygen -f {quote(kept)} -R {quote(settings.known_as)}"
    texts = {
        "unknown": (
            f"its host key is not known: {offered}",
            f"compare it on the host, then add it to {kept}: `{scan}`",
        ),
        "changed": (
            f"its host key has CHANGED: it shows {offered}",
            f"another machine may answer in its place; if it was reinstalled: `{forget}`",
        ),
        "revoked": (f"its host key is REVOKED: {offered}", "do not connect: give the host a new key"),
    }
    what, hint = texts[verdict]
    return Unreachable(what, host=settings.target, login=name_login(settings), hint=hint)


def explain_no_known_type(settings: Settings, algorithms: tuple[str, ...], files: tuple[str, ...]) -> Unreachable:
    """The host offers no key of a type that known_hosts has for it."""
    return Unreachable(
        f"its host key has CHANGED: it offers none of the known types ({', '.join(algorithms)})",
        host=settings.target,
        login=name_login(settings),
        hint=f"compare keys on the host, then put the right one in {files[0] if files else 'known_hosts'}",
    )


def explain_denied(settings: Settings, tried: list[str]) -> Unreachable:
    """`tried`: what happened with each key, one entry a key."""
    what = shorten_output("; ".join(tried), limit=1000) if tried else "no key to offer"
    return Unreachable(
        f"login denied: {what}",
        host=settings.target,
        login=name_login(settings),
        hint="add a key to the agent (ssh-add) or name one with IdentityFile in ssh_config",
    )


def explain_hung_up(settings: Settings, key: str, banner: str) -> Unreachable:
    """The host ended the connection while a key was offered. A wrong key would have been refused instead."""
    words = f" and said: {banner}" if banner else " and said nothing"
    return Unreachable(
        f"login denied: the host hung up when {key} was offered{words}",
        host=settings.target,
        login=name_login(settings),
        hint="is the account expired or locked there, is there a /run/nologin, or does PAM refuse it? "
        "`journalctl -u ssh` on the host shows why",
    )


def explain_lost(host: str, error: BaseException | None = None) -> HostError:
    """The connection broke while it was used."""
    words = f": {shorten_output(str(error))}" if error is not None and str(error) else ""
    return HostError(f"connection lost{words}", host=host, hint=LOST_HINT)


LOGIN_HANGS = "its login hangs: look at D-Bus, systemd-logind and PAM there (`journalctl -u ssh`)"


def explain_no_login(host: str, within_s: float) -> HostError:
    """The connection is up, but the host opens no session in time."""
    return HostError(
        f"the host opened no session in {within_s:.2g} s",
        host=host,
        hint=LOGIN_HANGS,
    )
