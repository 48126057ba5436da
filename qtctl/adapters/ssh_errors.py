"""What can go wrong between here and a host, as typed errors that say what to do."""

import socket

from qtctl.adapters.ssh_config import Settings
from qtctl.errors import HostError, NameUnknown, Unreachable


def where(settings: Settings) -> str:
    return f"{settings.target} ({settings.user}@{settings.hostname}:{settings.port})"


def no_tcp(settings: Settings, error: OSError, timeout_s: float) -> Unreachable:
    """The TCP connection was not made."""
    if isinstance(error, socket.gaierror):
        return NameUnknown(
            f"{where(settings)}: the name {settings.hostname} does not resolve",
            hint="declare its address in hosts.toml, or a HostName in ssh_config",
        )
    if isinstance(error, TimeoutError):
        return Unreachable(
            f"{where(settings)}: no answer in {timeout_s:g} s", hint="is the host up, and no firewall in between?"
        )
    if isinstance(error, ConnectionRefusedError):
        return Unreachable(f"{where(settings)}: connection refused", hint="is sshd running there, on this port?")
    return Unreachable(f"{where(settings)}: {error.strerror or error}", hint="check the network to the host")


def no_handshake(settings: Settings, error: BaseException) -> Unreachable:
    """TCP works, SSH does not."""
    said = str(error) or type(error).__name__
    return Unreachable(
        f"{where(settings)}: no SSH handshake: {said}",
        hint=f"try `ssh -v {settings.target}`: wrong port, or sshd's MaxStartups?",
    )


def host_key(settings: Settings, verdict: str, offered: str, files: tuple[str, ...]) -> Unreachable:
    """`verdict`: unknown, changed or revoked; `offered`: type and fingerprint of the key that the host showed."""
    kept = files[0] if files else "known_hosts"
    name = settings.known_as
    texts = {
        "unknown": (
            f"its host key is not known: {offered}",
            f"compare it on the host, then add it to {kept}: `ssh-keyscan -p {settings.port} {settings.hostname}`",
        ),
        "changed": (
            f"its host key has CHANGED: it shows {offered}",
            f"another machine may answer in its place; if it was reinstalled: `ssh-keygen -f {kept} -R '{name}'`",
        ),
        "revoked": (f"its host key is REVOKED: {offered}", "do not connect: give the host a new key"),
    }
    what, hint = texts[verdict]
    return Unreachable(f"{where(settings)}: {what}", hint=hint)


def no_known_type(settings: Settings, algorithms: tuple[str, ...], files: tuple[str, ...]) -> Unreachable:
    """The host offers no key of a type that known_hosts has for it."""
    return Unreachable(
        f"{where(settings)}: its host key has CHANGED: it offers none of the known types ({', '.join(algorithms)})",
        hint=f"compare keys on the host, then put the right one into {files[0] if files else 'known_hosts'}",
    )


def denied(settings: Settings, tried: list[str]) -> Unreachable:
    """`tried` says, one entry a key, what came of it."""
    what = "; ".join(tried) if tried else "no key to offer"
    return Unreachable(
        f"{where(settings)}: login denied: {what}",
        hint="add a key to the agent (ssh-add) or name one with IdentityFile in ssh_config",
    )


def lost(place: str, error: BaseException | None = None) -> HostError:
    """The connection broke while it was used."""
    said = f": {error}" if error is not None and str(error) else ""
    return HostError(f"{place}: connection lost{said}", hint="the host or the network went away; run again")
