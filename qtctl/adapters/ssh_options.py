"""Every option of ssh_config(5), and what qtctl does with it, as data.

OpenSSH 8.4 to 10.5. An option that `ssh -G` prints and this table lacks belongs to a later ssh: a test shows it. Rule:
if ssh would refuse a host because of an option, qtctl refuses it too.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple


class How(StrEnum):
    HONOURED = "honoured"
    IGNORED = "ignored"
    REFUSED = "refused"


class Option(NamedTuple):
    """`name` as ssh_config(5) spells it. `why`: what it does here, why it may be ignored, or what to do instead.

    `harmless`: values of a refused option, in lower case, that have no effect.
    """

    name: str
    how: How
    why: str
    harmless: tuple[str, ...] = ()

    @property
    def keyword(self) -> str:
        """As `ssh -G` prints it."""
        return self.name.lower()


def _make_options(how: How, why: str, *names: str) -> Iterator[Option]:
    return (Option(name, how, why) for name in names)


_STAYS = "only public keys are offered"
_QUIET = "there is no terminal, and ssh itself logs nothing"
_NEVER = "nothing is forwarded for you; qtctl opens its own tunnels"

TABLE: tuple[Option, ...] = (
    *_make_options(
        How.HONOURED,
        "where to connect, and as which account",
        "HostName",
        "Port",
        "User",
        "AddressFamily",
        "BindAddress",
    ),
    *_make_options(
        How.HONOURED, "the route to the host; each jump host with its own settings", "ProxyCommand", "ProxyJump"
    ),
    *_make_options(How.HONOURED, "this or qtctl's own limit, whichever is shorter", "ConnectTimeout"),
    *_make_options(How.HONOURED, "where the host's key is looked up", "GlobalKnownHostsFile", "UserKnownHostsFile"),
    *_make_options(How.HONOURED, "the name in known_hosts and in host certificates", "HostKeyAlias"),
    *_make_options(
        How.HONOURED,
        "keys listed there or in a KRL are refused; so is every key if it cannot be read",
        "RevokedHostKeys",
    ),
    *_make_options(How.HONOURED, "a key that is known for the address must be the same key", "CheckHostIP"),
    *_make_options(
        How.HONOURED,
        "in this order, those that paramiko supports; refused if it supports none",
        "HostKeyAlgorithms",
        "KexAlgorithms",
        "MACs",
        "PubkeyAcceptedAlgorithms",
        "PubkeyAcceptedKeyTypes",
    ),
    Option("Ciphers", How.HONOURED, "those that paramiko supports, AES-GCM first; refused if it supports none"),
    *_make_options(
        How.HONOURED, "the algorithms with which an authority may sign a host certificate", "CASignatureAlgorithms"
    ),
    *_make_options(How.HONOURED, "applies to the host's key and to yours", "RequiredRSASize"),
    *_make_options(
        How.HONOURED, "which keys are offered", "CertificateFile", "IdentitiesOnly", "IdentityAgent", "IdentityFile"
    ),
    *_make_options(How.HONOURED, "new session keys after this many bytes or seconds", "RekeyLimit"),
    *_make_options(
        How.HONOURED,
        "ssh itself applies these before it prints the settings",
        "Host",
        "Match",
        "Include",
        "Tag",
        "IgnoreUnknown",
        "RefuseConnection",
        "CanonicalDomains",
        "CanonicalizeFallbackLocal",
        "CanonicalizeHostname",
        "CanonicalizeMaxDots",
        "CanonicalizePermittedCNAMEs",
    ),
    Option(
        "PubkeyAuthentication",
        How.REFUSED,
        "qtctl logs in with public keys only",
        ("yes", "true", "unbound", "host-bound"),
    ),
    Option("PreferredAuthentications", How.REFUSED, "qtctl logs in with public keys only: it must name publickey"),
    Option("KnownHostsCommand", How.REFUSED, "put what it prints into a file named by UserKnownHostsFile", ("none",)),
    Option("BindInterface", How.REFUSED, "use BindAddress"),
    Option("ProxyUseFdpass", How.REFUSED, "use a ProxyCommand that relays the bytes", ("no",)),
    *_make_options(
        How.IGNORED, "host keys must always be known: never laxer", "StrictHostKeyChecking", "VerifyHostKeyDNS"
    ),
    *_make_options(How.IGNORED, "host keys must always be known: never laxer", "NoHostAuthenticationForLocalhost"),
    *_make_options(How.IGNORED, "known_hosts is never written", "HashKnownHosts", "UpdateHostkeys"),
    *_make_options(
        How.IGNORED,
        _STAYS,
        "PasswordAuthentication",
        "KbdInteractiveAuthentication",
        "KbdInteractiveDevices",
        "ChallengeResponseAuthentication",
        "NumberOfPasswordPrompts",
        "BatchMode",
        "HostbasedAuthentication",
        "HostbasedAcceptedAlgorithms",
        "HostbasedKeyTypes",
        "EnableSSHKeysign",
        "GSSAPIAuthentication",
        "GSSAPIClientIdentity",
        "GSSAPIDelegateCredentials",
        "GSSAPIKeyExchange",
        "GSSAPIKexAlgorithms",
        "GSSAPIRenewalForcesRekey",
        "GSSAPIServerIdentity",
        "GSSAPITrustDNS",
    ),
    *_make_options(
        How.IGNORED,
        "keys on tokens come from the agent; none is added to it",
        "PKCS11Provider",
        "SecurityKeyProvider",
        "AddKeysToAgent",
    ),
    *_make_options(
        How.IGNORED,
        _NEVER,
        "ForwardAgent",
        "ForwardX11",
        "ForwardX11Timeout",
        "ForwardX11Trusted",
        "XAuthLocation",
        "DynamicForward",
        "LocalForward",
        "RemoteForward",
        "ClearAllForwardings",
        "ExitOnForwardFailure",
        "GatewayPorts",
        "PermitRemoteOpen",
        "StreamLocalBindMask",
        "StreamLocalBindUnlink",
        "Tunnel",
        "TunnelDevice",
    ),
    *_make_options(
        How.IGNORED,
        "qtctl runs only its own commands, and none on this machine",
        "LocalCommand",
        "PermitLocalCommand",
        "RemoteCommand",
        "SendEnv",
        "SetEnv",
        "SessionType",
        "RequestTTY",
        "StdinNull",
        "ForkAfterAuthentication",
    ),
    *_make_options(
        How.IGNORED,
        "qtctl opens one connection of its own, and closes it when the command ends",
        "ControlMaster",
        "ControlPath",
        "ControlPersist",
        "ConnectionAttempts",
        "ChannelTimeout",
        "ServerAliveCountMax",
        "ServerAliveInterval",
        "TCPKeepAlive",
        "IPQoS",
        "Compression",
        "VersionAddendum",
    ),
    *_make_options(
        How.IGNORED,
        _QUIET,
        "EnableEscapeCommandline",
        "EscapeChar",
        "FingerprintHash",
        "LogLevel",
        "LogVerbose",
        "ObscureKeystrokeTiming",
        "SyslogFacility",
        "VisualHostKey",
        "WarnWeakCrypto",
    ),
)

OPTIONS: Mapping[str, Option] = {option.keyword: option for option in TABLE}
"""By the keyword that `ssh -G` prints."""

PUBLICKEY = "publickey"


def find_refused(values: Mapping[str, Sequence[str]]) -> tuple[Option, str] | None:
    """The first option with a value that cannot be honoured, and the value; `values` by keyword, as printed."""
    for keyword, given in values.items():
        option = OPTIONS.get(keyword)
        if option is not None and option.how is How.REFUSED and not _is_harmless(option, given[0]):
            return option, given[0]
    return None


def _is_harmless(option: Option, value: str) -> bool:
    if option.name == "PreferredAuthentications":
        return PUBLICKEY in value.lower().split(",")
    return value.lower() in option.harmless
