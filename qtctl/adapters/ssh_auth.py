"""Logging in: agent and identity files, in OpenSSH's order. Never a password prompt."""

import base64
import socket
from collections.abc import Iterator
from pathlib import Path

import paramiko
from paramiko.agent import AgentSSH

from qtctl.adapters import ssh_errors
from qtctl.adapters.ssh_config import Settings


class SocketAgent(AgentSSH):
    """An ssh-agent behind a given socket: paramiko's own looks at SSH_AUTH_SOCK alone, not at IdentityAgent."""

    def __init__(self, path: str, timeout_s: float) -> None:
        super().__init__()
        self._link = socket.socket(socket.AF_UNIX)
        self._link.settimeout(timeout_s)
        self._link.connect(path)
        self._connect(self._link)  # type: ignore[attr-defined]

    def close(self) -> None:
        self._close()  # type: ignore[attr-defined]


def log_in(transport: paramiko.Transport, settings: Settings, timeout_s: float) -> None:
    """Authenticate, or raise Unreachable that says which keys were tried."""
    tried: list[str] = []
    agent = _agent(settings, timeout_s, tried)
    try:
        for name, key in _candidates(settings, agent, tried):
            if _offer(transport, settings, name, key, tried):
                return
    finally:
        if agent is not None:
            agent.close()
    raise ssh_errors.denied(settings, tried)


def _offer(transport: paramiko.Transport, settings: Settings, name: str, key: paramiko.PKey, tried: list[str]) -> bool:
    try:
        more = transport.auth_publickey(settings.user, key)
    except paramiko.BadAuthenticationType as error:
        tried.append(f"the host takes only {', '.join(error.allowed_types)}")
        raise ssh_errors.denied(settings, tried) from error
    except paramiko.AuthenticationException as error:
        said = str(error).rstrip(".")
        tried.append(f"{name} not accepted" if said == "Authentication failed" else f"{name}: {said}")
        return False
    except (paramiko.SSHException, EOFError, OSError) as error:
        tried.append(f"{name}: the host hung up ({error})")
        raise ssh_errors.denied(settings, tried) from error
    if transport.is_authenticated():
        return True
    tried.append(f"{name} accepted, but the host asks for {', '.join(more)} too")
    return False


def _candidates(settings: Settings, agent: SocketAgent | None, tried: list[str]) -> Iterator[tuple[str, paramiko.PKey]]:
    """Keys of the agent that identity files name, the agent's other keys, then the files themselves."""
    held = {key.asbytes(): key for key in agent.get_keys()} if agent else {}
    blobs = {path: blob for path in settings.identity_files if (blob := _public(path)) is not None and blob in held}
    yield from ((f"{path} (agent)", held[blob]) for path, blob in blobs.items())
    if not settings.identities_only:
        named = set(blobs.values())
        yield from ((f"{key.comment or 'a key'} (agent)", key) for blob, key in held.items() if blob not in named)
    for path in settings.identity_files:
        if path not in blobs and (key := _load(path, tried)) is not None:
            yield path, key


def _agent(settings: Settings, timeout_s: float, tried: list[str]) -> SocketAgent | None:
    if not settings.identity_agent:
        return None
    try:
        return SocketAgent(settings.identity_agent, timeout_s)
    except (OSError, paramiko.SSHException) as error:
        tried.append(f"agent {settings.identity_agent}: {error}")
        return None


def _public(path: str) -> bytes | None:
    """The public half beside an identity file: it tells which of the agent's keys is meant."""
    try:
        fields = Path(path + ".pub").read_text("utf-8", "replace").split()
        return base64.b64decode(fields[1]) if len(fields) > 1 else None
    except (OSError, ValueError):
        return None


def _load(path: str, tried: list[str]) -> paramiko.PKey | None:
    """An identity file's key, with a certificate that lies beside it. OpenSSH's default files may be absent."""
    try:
        return paramiko.PKey.from_path(path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, paramiko.SSHException, paramiko.pkey.UnknownKeyType) as error:
        # An encrypted key comes as TypeError from cryptography, or as paramiko's PasswordRequiredException.
        locked = "password" in str(error).lower() or isinstance(error, paramiko.PasswordRequiredException)
        tried.append(f"{path} {'has a passphrase and is not in the agent' if locked else f'unusable: {error}'}")
        return None
