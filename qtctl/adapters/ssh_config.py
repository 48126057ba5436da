"""Settings of one SSH destination, as OpenSSH itself resolves them (`ssh -G`).

paramiko's own reader of ssh_config ignores Include and Match exec; the operator's `ssh HOST` must mean the same here.
What becomes of each option: `ssh_options`.
"""

import os
import pwd
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

DEFAULT_FILES = "~/.ssh/config or /etc/ssh/ssh_config"
SMALLEST_RSA = 1024
"""Bits; OpenSSH accepts no smaller key, whatever RequiredRSASize says."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One host of a ProxyJump. Empty user or port 0: from the hop's own settings."""

    host: str
    user: str = ""
    port: int = 0


class Algorithms(NamedTuple):
    """Names in order of preference, by the option that says so. Empty: that option was not printed."""

    ciphers: tuple[str, ...] = ()
    macs: tuple[str, ...] = ()
    kex: tuple[str, ...] = ()
    host_keys: tuple[str, ...] = ()
    pubkeys: tuple[str, ...] = ()
    authorities: tuple[str, ...] = ()


ANY = Algorithms()


@dataclass(frozen=True, slots=True)
class Settings:
    """What `ssh -G target` prints, as far as it is used here. Files are paths with `~` and `%` tokens resolved.

    `config`: the file, or files, that settings come from. `rekey`: bytes and seconds, 0 for no limit.
    `revoked_host_keys`: as printed, a path or several with spaces between.
    """

    target: str
    hostname: str
    port: int
    user: str
    config: str = DEFAULT_FILES
    identity_files: tuple[str, ...] = ()
    certificate_files: tuple[str, ...] = ()
    user_known_hosts: tuple[str, ...] = ()
    global_known_hosts: tuple[str, ...] = ()
    revoked_host_keys: str = ""
    host_key_alias: str = ""
    check_host_ip: bool = False
    required_rsa_size: int = SMALLEST_RSA
    algorithms: Algorithms = ANY
    rekey: tuple[int, int] = (0, 0)
    proxy_jump: tuple[Hop, ...] = ()
    proxy_command: str = ""
    address_family: str = "any"
    bind_address: str = ""
    identity_agent: str = "SSH_AUTH_SOCK"
    identities_only: bool = False
    connect_timeout_s: float | None = None

    @property
    def known_as(self) -> str:
        """The name under which OpenSSH keeps this host's key: the alias alone, else the host, with its port if odd."""
        if self.host_key_alias:
            return self.host_key_alias.lower()
        return self.with_port(self.hostname.lower())

    @property
    def certified_as(self) -> str:
        """The name that a host certificate must be for: the alias, else the host, never with a port."""
        return (self.host_key_alias or self.hostname).lower()

    def with_port(self, name: str) -> str:
        return name if self.port == 22 else f"[{name}]:{self.port}"  # noqa: PLR2004


@dataclass(frozen=True, slots=True)
class Local:
    """What tokens and `~` stand for on this machine. `env` for `${NAME}` and IdentityAgent."""

    user: str
    home: str
    uid: int
    hostname: str
    env: Mapping[str, str]


def read_local() -> Local:
    entry = pwd.getpwuid(os.getuid())
    return Local(entry.pw_name, os.environ.get("HOME", entry.pw_dir), entry.pw_uid, socket.gethostname(), os.environ)


def make_command(target: str, *, config: Path | None, user: str | None, port: int | None) -> list[str]:
    """The argv that prints the settings. A target is never read as an option."""
    argv = ["ssh", "-G"]
    if config is not None:
        argv += ["-F", str(config)]
    if user:
        argv += ["-l", user]
    if port is not None:
        argv += ["-p", str(port)]
    return [*argv, "--", target]


def parse_values(printed: bytes) -> dict[str, list[str]]:
    """What `ssh -G` printed: a keyword and its value on each line, repeated for lists. Lines end at a line feed only:
    a user name may contain U+2028, and what follows it is no option."""
    found: dict[str, list[str]] = {}
    for line in printed.split(b"\n"):
        key, _, value = line.partition(b" ")
        if key:
            name = key.decode("utf-8", "surrogateescape").lower()
            found.setdefault(name, []).append(value.decode("utf-8", "surrogateescape"))
    return found


def parse(printed: bytes, target: str, here: Local) -> Settings:
    """Read the output of `ssh -G`."""
    return make_settings(parse_values(printed), target, here)


def make_settings(
    given: Mapping[str, Sequence[str]], target: str, here: Local, config: str = DEFAULT_FILES
) -> Settings:
    """The settings that these values mean: by keyword, in lower case."""
    one = {key: found[0] for key, found in given.items()}
    settings = Settings(
        target=target,
        hostname=one.get("hostname", target),
        port=_parse_port(one.get("port", "22")),
        user=one.get("user", here.user),
        config=config,
        host_key_alias=_drop_none(one.get("hostkeyalias", "")),
        check_host_ip=one.get("checkhostip", "no") == "yes",
        required_rsa_size=max(SMALLEST_RSA, _parse_number(one.get("requiredrsasize", ""))),
        algorithms=_parse_algorithms(one),
        rekey=_parse_rekey(one.get("rekeylimit", "")),
        proxy_jump=parse_jumps(one.get("proxyjump", "")),
        proxy_command=_drop_none(one.get("proxycommand", "")),
        address_family=one.get("addressfamily", "any"),
        bind_address=one.get("bindaddress", ""),
        identities_only=one.get("identitiesonly", "no") == "yes",
        connect_timeout_s=_parse_seconds(one.get("connecttimeout", "none")),
    )
    return replace(
        settings,
        identity_files=_expand_paths(given.get("identityfile", ()), settings, here),
        certificate_files=_expand_paths(given.get("certificatefile", ()), settings, here),
        user_known_hosts=_expand_paths(_split_paths(one.get("userknownhostsfile", "")), settings, here),
        global_known_hosts=_expand_homes(_split_paths(one.get("globalknownhostsfile", "")), here),
        revoked_host_keys=expand(_drop_none(one.get("revokedhostkeys", "")), settings, here),
        proxy_command=_expand_command(settings),
        identity_agent=_locate_agent(one.get("identityagent", "SSH_AUTH_SOCK"), settings, here),
    )


def parse_jumps(value: str) -> tuple[Hop, ...]:
    """The hops of a ProxyJump value, first one first: [user@]host[:port] or ssh:// URIs, separated by commas."""
    if not _drop_none(value):
        return ()
    return tuple(_parse_hop(part.strip()) for part in value.split(",") if part.strip())


def expand(value: str, settings: Settings, here: Local) -> str:
    """Resolve `~/`, `%` tokens and `${NAME}` as ssh_config(5) has them; an unknown token stays as it is."""
    if value.startswith("~/"):
        value = here.home + value[1:]
    tokens = _expand_host_tokens(settings) | {
        "d": here.home,
        "i": str(here.uid),
        "L": here.hostname.split(".", 1)[0],
        "l": here.hostname,
        "u": here.user,
    }
    value = re.sub(r"%(.)", lambda found: tokens.get(found[1], found[0]), value)
    return re.sub(r"\$\{(\w+)\}", lambda found: here.env.get(found[1], found[0]), value)


def _expand_host_tokens(settings: Settings) -> dict[str, str]:
    return {
        "%": "%",
        "h": settings.hostname,
        "k": settings.host_key_alias or settings.target,
        "n": settings.target,
        "p": str(settings.port),
        "r": settings.user,
    }


def _expand_command(settings: Settings) -> str:
    """ProxyCommand with the tokens that OpenSSH resolves in it. `~` and `${NAME}` are for its shell, which quotes them
    right."""
    tokens = _expand_host_tokens(settings)
    return re.sub(r"%(.)", lambda found: tokens.get(found[1], found[0]), settings.proxy_command)


def _parse_hop(text: str) -> Hop:
    text = text.removeprefix("ssh://").rstrip("/")
    user, _, rest = text.rpartition("@")
    found = re.fullmatch(r"\[([^\]]+)\](?::([0-9]{1,5}))?|([^:]+)(?::([0-9]{1,5}))?", rest)
    if found is None:
        return Hop(rest, user)
    return Hop(found[1] or found[3], user, int(found[2] or found[4] or 0))


def _parse_number(text: str) -> int:
    return int(text) if re.fullmatch("[0-9]{1,18}", text) else 0


def _parse_port(text: str) -> int:
    found = _parse_number(text)
    return found if 0 < found < 1 << 16 else 22


def _parse_seconds(text: str) -> float | None:
    return float(_parse_number(text)) or None


def _parse_rekey(text: str) -> tuple[int, int]:
    size, _, seconds = text.partition(" ")
    return _parse_number(size), _parse_number(seconds)


def _drop_none(text: str) -> str:
    return "" if text.lower() == "none" else text


def _parse_algorithms(one: Mapping[str, str]) -> Algorithms:
    def list_named(*keywords: str) -> tuple[str, ...]:
        text = next((one[keyword] for keyword in keywords if keyword in one), "")
        return tuple(name for name in text.split(",") if name)

    return Algorithms(
        ciphers=list_named("ciphers"),
        macs=list_named("macs"),
        kex=list_named("kexalgorithms"),
        host_keys=list_named("hostkeyalgorithms"),
        pubkeys=list_named("pubkeyacceptedalgorithms", "pubkeyacceptedkeytypes"),
        authorities=list_named("casignaturealgorithms"),
    )


def _split_paths(text: str) -> list[str]:
    """Split paths that ssh prints unquoted: a part that does not begin a path belongs to the one before."""
    found: list[str] = []
    for part in text.split(" "):
        if found and not part.startswith(("/", "~", "%", "$", '"')):
            found[-1] += " " + part
        else:
            found.append(part)
    return found


def _expand_paths(named: Sequence[str], settings: Settings, here: Local) -> tuple[str, ...]:
    return tuple(expand(value.strip('"'), settings, here) for value in named if _drop_none(value.strip('"')))


def _expand_homes(named: Sequence[str], here: Local) -> tuple[str, ...]:
    """Paths in which OpenSSH resolves nothing but `~`."""
    found = (value.strip('"') for value in named)
    return tuple(here.home + value[1:] if value.startswith("~/") else value for value in found if _drop_none(value))


def _locate_agent(value: str, settings: Settings, here: Local) -> str:
    """The path of the agent's socket, '' for none."""
    value = value.strip('"')
    if value == "SSH_AUTH_SOCK":
        return here.env.get("SSH_AUTH_SOCK", "")
    if value.startswith("$") and not value.startswith("${"):
        return here.env.get(value[1:], "")
    return expand(_drop_none(value), settings, here)
