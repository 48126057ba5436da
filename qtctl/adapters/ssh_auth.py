"""Logging in with agent and identity files, in OpenSSH's order. Never prompts for a password."""

import base64
import socket
import time
from collections.abc import Iterator, Mapping

import paramiko
from paramiko.agent import AgentSSH

from qtctl.adapters import bounded, host_certificates, ssh_errors
from qtctl.adapters.bounds import shorten_output as said_by
from qtctl.adapters.ssh_config import Settings
from qtctl.adapters.ssh_transport import Transport
from qtctl.adapters.ssh_wire import CERTIFICATE, RSA, RSA_SIGNATURES, Malformed, read_rsa_bits

_MOST = 1 << 20
"""Bytes of a public key or certificate."""


class SocketAgent(AgentSSH):
    """An ssh-agent at a given socket: paramiko's own class only uses SSH_AUTH_SOCK, not IdentityAgent."""

    def __init__(self, path: str, timeout_s: float) -> None:
        super().__init__()
        self._link = socket.socket(socket.AF_UNIX)
        self._link.settimeout(timeout_s)
        self._link.connect(path)
        self._connect(self._link)  # type: ignore[attr-defined]

    def close(self) -> None:
        self._close()  # type: ignore[attr-defined]


def log_in(transport: Transport, settings: Settings, timeout_s: float) -> None:
    """Authenticate, or raise Unreachable with the keys that were tried. `timeout_s` is for all keys together."""
    tried: list[str] = []
    until = time.monotonic() + timeout_s
    agent = _open_agent(settings, timeout_s, tried)
    try:
        for name, key in _list_candidates(settings, agent, tried):
            transport.auth_timeout = max(until - time.monotonic(), 0.001)
            if _offer(transport, settings, name, key, tried):
                return
    finally:
        if agent is not None:
            agent.close()
    raise ssh_errors.explain_denied(settings, tried)


def _offer(transport: Transport, settings: Settings, name: str, key: paramiko.PKey, tried: list[str]) -> bool:
    signatures = _choose_signatures(settings, name, key, tried)
    if not signatures:
        return False
    transport.sign_with(signatures)
    try:
        more = transport.auth_publickey(settings.user, key)
    except paramiko.BadAuthenticationType as error:
        tried.append(f"the host takes only {', '.join(error.allowed_types)}")
        raise ssh_errors.explain_denied(settings, tried) from error
    except paramiko.AuthenticationException as error:
        said = str(error).rstrip(".")
        if not transport.is_active():
            raise ssh_errors.explain_hung_up(settings, name, _read_banner(transport)) from error
        tried.append(f"{name} not accepted" if said == "Authentication failed" else f"{name}: {said}")
        return False
    except Exception as error:
        tried.append(f"{name}: the host hung up ({error})")
        raise ssh_errors.explain_denied(settings, tried) from error
    if transport.is_authenticated():
        return True
    tried.append(f"{name} accepted, but the host asks for {', '.join(more)} too")
    return False


def _read_banner(transport: Transport) -> str:
    """What the host says to everyone who logs in, "" if nothing."""
    return said_by((transport.get_banner() or b""), limit=300)


def _choose_signatures(settings: Settings, name: str, key: paramiko.PKey, tried: list[str]) -> tuple[str, ...]:
    """How this key may sign, best first; none if ssh would not offer it, and then `tried` says why."""
    blob = key.asbytes()
    try:
        bits = read_rsa_bits(blob)
    except Malformed:
        bits = 0
    if bits is not None and bits < settings.required_rsa_size:
        tried.append(f"{name} has {bits} bits, RequiredRSASize asks for {settings.required_rsa_size}")
        return ()
    certificate = key.public_blob
    suffix = CERTIFICATE if certificate is not None else ""
    plain = (certificate.key_type if certificate is not None else key.get_name()).removesuffix(CERTIFICATE)
    possible = RSA_SIGNATURES if plain == RSA else (plain,)
    allowed = settings.algorithms.pubkeys
    found = tuple(name for name in possible if not allowed or name + suffix in allowed)
    if not found:
        tried.append(f"{name} is of type {plain}{suffix}, which PubkeyAcceptedAlgorithms does not allow")
    return tuple(sorted(found, key=lambda each: allowed.index(each + suffix))) if allowed else found


def _list_candidates(
    settings: Settings, agent: SocketAgent | None, tried: list[str]
) -> Iterator[tuple[str, paramiko.PKey]]:
    """Keys of the agent that identity files name, the agent's other keys, then the files themselves."""
    held = {key.asbytes(): key for key in agent.get_keys()} if agent else {}
    blobs = {
        path: blob for path in settings.identity_files if (blob := _read_public_key(path)) is not None and blob in held
    }
    certificates = _load_certificates(settings, tried)
    for path, blob in blobs.items():
        yield from _list_forms(f"{path} (agent)", held[blob], certificates)
    if not settings.identities_only:
        named = set(blobs.values())
        yield from ((f"{key.comment or 'a key'} (agent)", key) for blob, key in held.items() if blob not in named)
    for path in settings.identity_files:
        if path not in blobs and (key := _load(path, tried)) is not None:
            yield from _list_forms(path, key, certificates)


def _list_forms(
    name: str, key: paramiko.PKey, certificates: Mapping[bytes, paramiko.pkey.PublicBlob]
) -> Iterator[tuple[str, paramiko.PKey]]:
    """A key with each of its certificates, then the plain key, in OpenSSH's order."""
    beside = key.public_blob
    for certificate in (certificates.get(key.asbytes()), beside):
        if certificate is not None:
            key.public_blob = certificate
            yield f"{name} with its certificate", key
    key.public_blob = None
    yield name, key


def _load_certificates(settings: Settings, tried: list[str]) -> dict[bytes, paramiko.pkey.PublicBlob]:
    """The certificates of CertificateFile, by the key that each is for."""
    found = {}
    for path in settings.certificate_files:
        try:
            given = paramiko.pkey.PublicBlob.from_string(bounded.read(path, _MOST).decode("utf-8", "replace"))
            found[host_certificates.parse(given.key_blob).plain] = given
        except FileNotFoundError:
            continue
        except (OSError, ValueError, bounded.TooLarge) as error:
            tried.append(f"CertificateFile {path} unusable: {error}")
    return found


def _open_agent(settings: Settings, timeout_s: float, tried: list[str]) -> SocketAgent | None:
    if not settings.identity_agent:
        return None
    try:
        return SocketAgent(settings.identity_agent, timeout_s)
    except (OSError, paramiko.SSHException) as error:
        tried.append(f"agent {settings.identity_agent}: {error}")
        return None


def _read_public_key(path: str) -> bytes | None:
    """The public half beside an identity file: it tells which of the agent's keys is meant."""
    try:
        fields = bounded.read(path + ".pub", _MOST).split()
        return base64.b64decode(fields[1]) if len(fields) > 1 else None
    except (OSError, ValueError, bounded.TooLarge):
        return None


def _load(path: str, tried: list[str]) -> paramiko.PKey | None:
    """An identity file's key, with the certificate beside it. OpenSSH's default files may be missing."""
    try:
        bounded.read(path, _MOST)
        return paramiko.PKey.from_path(path)
    except FileNotFoundError:
        return None
    except Exception as error:  # noqa: BLE001 - the libraries below raise whatever a file's bytes lead them to
        # For an encrypted key cryptography raises TypeError, paramiko PasswordRequiredException.
        locked = "password" in str(error).lower() or isinstance(error, paramiko.PasswordRequiredException)
        tried.append(f"{path} {'has a passphrase and is not in the agent' if locked else f'unusable: {error}'}")
        return None
