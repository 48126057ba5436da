"""Laws of what decides whom we talk to: the output of `ssh -G`, known_hosts, host certificates."""

import base64
from contextlib import suppress

from qtctl.adapters import host_certificates, known_hosts, ssh_asked, ssh_config
from qtctl.adapters.ssh_options import OPTIONS
from qtctl.adapters.ssh_wire import Malformed, read_rsa_bits, read_type
from qtctl.errors import Unreachable
from tests.adapters.test_ssh_config import HERE, PRINTED
from tests.fuzz.target import Target

SEPARATORS = ("\u2028", "\x85", "\x0b", "\x0c", "\x1c", "\r", "\0", "\n", "\t", " ")
MARKS = set("'`\";&<>|(){}\n\r\0")


def settings(data: bytes) -> None:
    """Only a line feed begins an option; what is accepted contains nothing that a shell would obey."""
    found = ssh_config.parse_values(data)
    begun = {line.split(b" ")[0] for line in data.split(b"\n")}
    assert {key.encode("utf-8", "surrogateescape") for key in found} <= {
        key.decode("utf-8", "surrogateescape").lower().encode("utf-8", "surrogateescape") for key in begun
    }
    settled = ssh_config.make_settings(found, "t", HERE)
    assert 0 < settled.port < 1 << 16
    assert settled.required_rsa_size >= ssh_config.SMALLEST_RSA
    assert settled.known_as == settled.known_as.lower()
    with suppress(Unreachable):
        ssh_asked.check(settled, found)
        assert MARKS.isdisjoint(settled.hostname)
        assert settled.user.isprintable()
        assert not settled.proxy_command or MARKS.isdisjoint(settled.user)
        assert found.get("pubkeyauthentication", ["yes"])[0] not in ("no", "false")


NAMES = ("db.example", "[db.example]:2222", "127.0.0.1")
BLOB = base64.b64decode("AAAAC3NzaC1lZDI1NTE5AAAAIIiSNaO1ax73HudeTExLYabd3ksVEGNh3Ic2h05vKaOW")
KEY = f"ssh-ed25519 {base64.b64encode(BLOB).decode()}"


def keys(data: bytes) -> None:
    """What is found stands in the line that is named, and a revoked key is never a known one."""
    rows = data.split(b"\n")
    for name in NAMES:
        found = known_hosts.look_up([("f", data)], name)
        for line in found.lines:
            row = rows[line.number - 1]
            assert base64.b64encode(line.blob).rstrip(b"=")[:-1] in row
            assert (line.marker.encode() or b" ") in row
            assert line.marker == known_hosts.REVOKED or read_type(line.blob) == line.key_type
        verdict = found.judge(BLOB)
        assert verdict in ("known", "unknown", "changed", "revoked")
        assert verdict != "known" or (KEY.split()[1].encode() in data and not found.is_revoked(BLOB))


CERTIFICATE = base64.b64decode(
    "AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29tAAAAINW8HAU9gMyo9+RMPgpLJWsmaVQ1gggI04HPSW6lIUPcAAAAIIiSNaO1ax73Hude"
    "TExLYabd3ksVEGNh3Ic2h05vKaOWAAAAAAAAAAAAAAACAAAABHRlc3QAAAAOAAAACmRiLmV4YW1wbGUAAAAAAAAAAP//////////AAAAAAAAAAAAAAAA"
    "AAAAMwAAAAtzc2gtZWQyNTUxOQAAACC7L/O4Y32sf3t4jMOv+YKlKPEqSE78s2I+tgJO9+vkXwAAAFMAAAALc3NoLWVkMjU1MTkAAABAUmUx6eHYXXyd"
    "IXne6V1qfejY5BVGJm1cfcoaWZ8wliH9ZFlNm3+Wy9gtl+ZcZI9tWWKC4Zhz6fiQTKhOv2EwCg=="
)
"""Of a host db.example, signed by ssh-keygen, for ever."""


def certificates(data: bytes) -> None:
    """One certificate of its authority is good: the one that it signed."""
    with suppress(Malformed):
        read_rsa_bits(data)
    with suppress(Malformed):
        found = host_certificates.parse(data)
        fault = host_certificates.find_fault(found, "db.example", (), now=1.8e9)
        assert (fault is None) == (data == CERTIFICATE) or found.authority not in CERTIFICATE
        assert "\n" not in (fault or "")


SETTINGS = Target(
    "ssh-settings",
    settings,
    lambda: [PRINTED.encode(), b"user a\nhostname b\nproxycommand nc %h %p %r\npubkeyauthentication true\n"],
    (
        *(f"\n{keyword} " for keyword in OPTIONS),
        *SEPARATORS,
        "yes",
        "no",
        "none",
        "%h",
        "%r",
        "a,b@c:1",
        "[::1]:22",
        "$(x)",
    ),
)
ROWS = (
    "db.example {key}\n@revoked * {key}\n@cert-authority *.example {key} comment\n[db.example]:2222 {key}\n",
    "|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= {key}\n# comment\n127.0.0.1,d?.* {key}\r\n",
)
KNOWN_HOSTS = Target(
    "known-hosts",
    keys,
    lambda: [rows.format(key=KEY).encode() for rows in ROWS],
    (
        KEY,
        *["db.example", "[db.example]:2222", "@revoked", "@cert-authority", "#", "*", "?", "!", ",", "|1|"],
        *SEPARATORS,
    ),
)
CERTIFICATES = Target(
    "certificates",
    certificates,
    lambda: [CERTIFICATE, BLOB],
    ("ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com", "ssh-rsa", "\0\0\0\x0b", "\0\0\0\x20", "\0\0\0\0", "\x7f" * 4),
)
