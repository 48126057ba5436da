"""Settings of one SSH destination, as OpenSSH itself resolves them (`ssh -G`).

paramiko's own reader of ssh_config ignores Include and Match exec; the operator's `ssh HOST` must mean the same here.
"""

import os
import pwd
import re
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from qtctl.errors import Unreachable

INSTALL_HINT = "install openssh-client: qtctl reads SSH settings through `ssh -G`"


@dataclass(frozen=True, slots=True)
class Hop:
    """One host of a ProxyJump. Empty user or port 0: as the hop's own settings say."""

    host: str
    user: str = ""
    port: int = 0


@dataclass(frozen=True, slots=True)
class Settings:
    """What `ssh -G target` prints, as far as it is used here. Files are paths with `~` and `%` tokens resolved."""

    target: str
    hostname: str
    port: int
    user: str
    identity_files: tuple[str, ...] = ()
    certificate_files: tuple[str, ...] = ()
    user_known_hosts: tuple[str, ...] = ()
    global_known_hosts: tuple[str, ...] = ()
    host_key_alias: str = ""
    proxy_jump: tuple[Hop, ...] = ()
    proxy_command: str = ""
    identity_agent: str = "SSH_AUTH_SOCK"
    identities_only: bool = False
    connect_timeout_s: float | None = None

    @property
    def known_as(self) -> str:
        """The name under which OpenSSH keeps this host's key: the alias alone, else the host, with its port if odd."""
        if self.host_key_alias:
            return self.host_key_alias.lower()
        return self.hostname.lower() if self.port == 22 else f"[{self.hostname.lower()}]:{self.port}"  # noqa: PLR2004


@dataclass(frozen=True, slots=True)
class Local:
    """What tokens and `~` stand for on this machine. `env` for `${NAME}` and IdentityAgent."""

    user: str
    home: str
    uid: int
    hostname: str
    env: Mapping[str, str]


def local() -> Local:
    entry = pwd.getpwuid(os.getuid())
    return Local(entry.pw_name, os.environ.get("HOME", entry.pw_dir), entry.pw_uid, socket.gethostname(), os.environ)


def command(target: str, *, config: Path | None, user: str | None, port: int | None) -> list[str]:
    """The argv that prints the settings. A target is never read as an option."""
    argv = ["ssh", "-G"]
    if config is not None:
        argv += ["-F", str(config)]
    if user:
        argv += ["-l", user]
    if port is not None:
        argv += ["-p", str(port)]
    return [*argv, "--", target]


def start(target: str, *, config: Path | None, user: str | None, port: int | None) -> "subprocess.Popen[bytes]":
    """Begin `ssh -G`; give the process to `finish`. Unreachable where there is no ssh."""
    try:
        return subprocess.Popen(
            command(target, config=config, user=user, port=port),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except FileNotFoundError as error:
        raise Unreachable(f"{target}: no ssh command on this machine", hint=INSTALL_HINT) from error


def finish(process: "subprocess.Popen[bytes]", target: str, address: str | None, timeout_s: float) -> Settings:
    """The settings that a `start`ed process prints. `address` replaces the host name."""
    try:
        out, err = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired as error:
        process.kill()
        process.communicate()
        raise Unreachable(f"{target}: `ssh -G` gave no answer in {timeout_s:g} s", hint="look at Match exec") from error
    if process.returncode != 0:
        said = " ".join(err.decode("utf-8", "replace").split())
        raise Unreachable(f"{target}: ssh settings cannot be read: {said}", hint=f"try `ssh -G {target}`")
    settings = parse(out.decode("utf-8", "replace"), target, local())
    return replace(settings, hostname=address) if address else settings


def parse(text: str, target: str, here: Local) -> Settings:
    """Read the output of `ssh -G`: a lower-case keyword and its value on each line, repeated for lists."""
    values: dict[str, list[str]] = {}
    for line in text.splitlines():
        key, _, value = line.partition(" ")
        values.setdefault(key.lower(), []).append(value.strip())
    one = {key: given[0] for key, given in values.items()}
    settings = Settings(
        target=target,
        hostname=one.get("hostname", target),
        port=_port(one.get("port", "22")),
        user=one.get("user", here.user),
        host_key_alias=_unless_none(one.get("hostkeyalias", "")),
        proxy_jump=jumps(one.get("proxyjump", "")),
        proxy_command=_unless_none(one.get("proxycommand", "")),
        identities_only=one.get("identitiesonly", "no") == "yes",
        connect_timeout_s=_seconds(one.get("connecttimeout", "none")),
    )
    return replace(
        settings,
        identity_files=_paths(values.get("identityfile", ()), settings, here),
        certificate_files=_paths(values.get("certificatefile", ()), settings, here),
        user_known_hosts=_paths(one.get("userknownhostsfile", "").split(), settings, here),
        global_known_hosts=_paths(one.get("globalknownhostsfile", "").split(), settings, here),
        proxy_command=expand(settings.proxy_command, settings, here),
        identity_agent=_agent(one.get("identityagent", "SSH_AUTH_SOCK"), settings, here),
    )


def jumps(value: str) -> tuple[Hop, ...]:
    """The hops of a ProxyJump value, first one first: [user@]host[:port] or ssh:// URIs, separated by commas."""
    if not _unless_none(value):
        return ()
    return tuple(_hop(part.strip()) for part in value.split(",") if part.strip())


def expand(value: str, settings: Settings, here: Local) -> str:
    """Resolve `~/`, `%` tokens and `${NAME}` as ssh_config(5) has them; an unknown token stays as it is."""
    if value.startswith("~/"):
        value = here.home + value[1:]
    tokens = {
        "%": "%",
        "d": here.home,
        "h": settings.hostname,
        "i": str(here.uid),
        "k": settings.host_key_alias or settings.target,
        "L": here.hostname.split(".", 1)[0],
        "l": here.hostname,
        "n": settings.target,
        "p": str(settings.port),
        "r": settings.user,
        "u": here.user,
    }
    value = re.sub(r"%(.)", lambda found: tokens.get(found[1], found[0]), value)
    return re.sub(r"\$\{(\w+)\}", lambda found: here.env.get(found[1], found[0]), value)


def _hop(text: str) -> Hop:
    text = text.removeprefix("ssh://").rstrip("/")
    user, _, rest = text.rpartition("@")
    found = re.fullmatch(r"\[([^\]]+)\](?::(\d+))?|([^:]+)(?::(\d+))?", rest)
    if found is None:
        return Hop(rest, user)
    return Hop(found[1] or found[3], user, int(found[2] or found[4] or 0))


def _port(text: str) -> int:
    return int(text) if text.isdigit() else 22


def _seconds(text: str) -> float | None:
    return float(text) if text.isdigit() and text != "0" else None


def _unless_none(text: str) -> str:
    return "" if text.lower() == "none" else text


def _paths(values: list[str] | tuple[str, ...], settings: Settings, here: Local) -> tuple[str, ...]:
    named = (value.strip('"') for value in values)
    return tuple(expand(value, settings, here) for value in named if _unless_none(value))


def _agent(value: str, settings: Settings, here: Local) -> str:
    """The path of the agent's socket, '' for none."""
    value = value.strip('"')
    if value == "SSH_AUTH_SOCK":
        return here.env.get("SSH_AUTH_SOCK", "")
    if value.startswith("$") and not value.startswith("${"):
        return here.env.get(value[1:], "")
    return expand(_unless_none(value), settings, here)
