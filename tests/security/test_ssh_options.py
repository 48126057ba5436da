"""What OpenSSH refuses, qtctl refuses: OpenSSH's client is asked about every row, with the same files."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from qtctl.adapters.ssh import connect
from qtctl.adapters.ssh_options import OPTIONS, TABLE, How
from qtctl.errors import Unreachable
from tests.adapters import servers
from tests.adapters.servers import Sshd

SECONDS = 5.0


def verdict(config: Path, alias: str = "here") -> str:
    """'' if qtctl connects, otherwise what it says."""
    try:
        with connect(alias, user=None, config=config, connect_timeout_s=SECONDS) as host:
            return host.start("echo up").finish(SECONDS).stdout.decode().removesuffix("up\n")
    except Unreachable as error:
        return f"{error.message} | {error.hint}"


def openssh(config: Path, alias: str = "here") -> Callable[[], bool]:
    """Whether OpenSSH's client connects; it begins at once, and is waited for when asked."""
    argv = ["ssh", "-n", "-F", str(config), "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", alias, "echo up"]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return lambda: process.communicate(timeout=20)[0] == b"up\n"


def sign(key: Path, authority: Path, *options: str) -> None:
    """Write key-cert.pub."""
    argv = ["ssh-keygen", "-q", "-s", str(authority), "-I", "test", *options, str(key) + ".pub"]
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, capture_output=True)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """An sshd with an ed25519 key and OpenSSH's defaults, and files for RevokedHostKeys beside it."""
    with servers.sshd(tmp_path_factory.mktemp("plain")) as server:
        folder = server.folder
        (folder / "listed").write_text(f"# one\n\n{server.host_key} comment\n")
        os.mkfifo(folder / "pipe")
        (folder / "garbage").write_text("no key at all\n")
        servers.make_key(folder / "other")
        (folder / "with spaces").write_text((folder / "other.pub").read_text())
        for name, key in (("krl", "host.pub"), ("krl-other", "other.pub")):
            argv = ["ssh-keygen", "-q", "-k", "-f", str(folder / name), str(folder / key)]
            subprocess.run(argv, check=True, capture_output=True)
        (folder / "broken-krl").write_bytes((folder / "krl").read_bytes()[:20])
        yield server


@dataclass(frozen=True)
class Row:
    """Client options, and what qtctl says about them, '' if it connects.

    `stricter`: OpenSSH would connect; None: it would never end.
    """

    options: Mapping[str, str]
    says: str = ""
    stricter: bool | None = False

    def __str__(self) -> str:
        return ", ".join(f"{key} {value}" for key, value in self.options.items())


def held(row: Row, config: Path, alias: str = "here") -> None:
    connects = openssh(config, alias) if row.stricter is not None else lambda: None
    found = verdict(config, alias)
    assert connects() == (row.stricter if row.says else True)
    assert "\n" not in found
    if row.says:
        assert row.says in found
    else:
        assert found == ""


NOT_SUPPORTED = "allows nothing that qtctl supports"
NOT_OFFERED = "the host supports nothing that"

PLAIN = [
    Row({"Ciphers": "chacha20-poly1305@openssh.com,aes256-ctr"}),
    Row({"Ciphers": "chacha20-poly1305@openssh.com"}, f"Ciphers {NOT_SUPPORTED}", stricter=True),
    Row({"KexAlgorithms": "curve25519-sha256", "MACs": "hmac-sha2-512-etm@openssh.com", "RekeyLimit": "64K 1s"}),
    Row({"KexAlgorithms": "sntrup761x25519-sha512@openssh.com"}, f"KexAlgorithms {NOT_SUPPORTED}", stricter=True),
    Row({"KexAlgorithms": "diffie-hellman-group14-sha1"}, "KexAlgorithms allows"),
    Row({"MACs": "umac-64@openssh.com"}, f"MACs {NOT_SUPPORTED}", stricter=True),
    Row({"HostKeyAlgorithms": "rsa-sha2-512"}, "none of the known types"),
    Row({"PubkeyAuthentication": "no"}, "PubkeyAuthentication"),
    Row({"PubkeyAuthentication": "unbound", "PreferredAuthentications": "password,publickey", "ForwardAgent": "yes"}),
    Row({"PreferredAuthentications": "password"}, "PreferredAuthentications password"),
    Row({"PubkeyAcceptedAlgorithms": "rsa-sha2-512"}, "which PubkeyAcceptedAlgorithms does not allow"),
    Row({"KnownHostsCommand": "/bin/true"}, "KnownHostsCommand /bin/true", stricter=True),
    Row({"BindInterface": "lo"}, "BindInterface lo", stricter=True),
    Row({"BindAddress": "127.0.0.2", "AddressFamily": "inet"}),
    Row({"BindAddress": "192.0.2.1"}, "BindAddress 192.0.2.1"),
    Row({"AddressFamily": "inet6"}, "does not resolve"),
    Row({"RevokedHostKeys": "{folder}/missing"}, "RevokedHostKeys {folder}/missing: No such file"),
    Row({"RevokedHostKeys": "{folder}"}, "RevokedHostKeys {folder}"),
    Row({"RevokedHostKeys": "{folder}/listed"}, "REVOKED"),
    Row({"RevokedHostKeys": "{folder}/garbage"}, "line 1 is not a public key"),
    Row({"RevokedHostKeys": '"{folder}/with spaces"'}),
    Row({"RevokedHostKeys": "{folder}/krl"}, "REVOKED"),
    Row({"RevokedHostKeys": "{folder}/krl-other"}),
    Row({"RevokedHostKeys": "{folder}/broken-krl"}, "RevokedHostKeys {folder}/broken-krl"),
    Row({"UserKnownHostsFile": "/dev/zero"}, "/dev/zero: cannot be read: larger than 32 MB", stricter=None),
    Row({"UserKnownHostsFile": "{folder}/pipe"}, "pipe: cannot be read: not a regular file", stricter=None),
    Row({"RevokedHostKeys": "{folder}/pipe"}, "RevokedHostKeys {folder}/pipe: not a regular file", stricter=None),
    Row({"RevokedHostKeys": "none", "UserKnownHostsFile": '"{folder}/no such" {folder}/known_hosts'}),
]


@pytest.mark.parametrize("row", PLAIN, ids=str)
def test_one_option(plain: Sshd, row: Row) -> None:
    options = {key: value.format(folder=plain.folder) for key, value in row.options.items()}
    here = Row(options, row.says.format(folder=plain.folder), stricter=row.stricter)
    held(here, plain.config(**options))


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """An sshd that offers one algorithm of each kind, and an RSA key of 2048 bits."""
    folder = tmp_path_factory.mktemp("narrow")
    options = [
        "Ciphers aes256-ctr",
        "MACs hmac-sha2-512",
        "KexAlgorithms ecdh-sha2-nistp384",
        "HostKeyAlgorithms rsa-sha2-256",
    ]
    with servers.sshd(folder, options=options, key_kind="rsa", bits=2048) as server:
        yield server


NARROW = [
    Row({"RequiredRSASize": "2048"}),
    Row({"Ciphers": "aes128-ctr,aes256-gcm@openssh.com"}, f"{NOT_OFFERED} Ciphers allows"),
    Row({"MACs": "hmac-sha2-256"}, f"{NOT_OFFERED} MACs allows"),
    Row({"KexAlgorithms": "curve25519-sha256@libssh.org,ecdh-sha2-nistp256"}, f"{NOT_OFFERED} KexAlgorithms allows"),
    Row({"HostKeyAlgorithms": "rsa-sha2-512,ssh-ed25519"}, "none of the known types"),
    Row({"RequiredRSASize": "3072"}, "has 2048 bits, RequiredRSASize asks for 3072"),
]


@pytest.mark.parametrize("row", NARROW, ids=str)
def test_both_sides_restricted(narrow: Sshd, row: Row) -> None:
    held(row, narrow.config(**row.options))


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """An sshd with a host certificate of each kind: the client's HostKeyAlgorithms says which one it shows."""
    folder = tmp_path_factory.mktemp("certified")
    authority, other = folder / "ca", folder / "ca-other"
    servers.make_key(authority)
    servers.make_key(other)
    signed = {
        "good": ("ecdsa", 256, ("-h", "-n", "zzprod,127.0.0.1", "-V", "always:forever", "-z", "7")),
        "expired": ("ecdsa", 384, ("-h", "-n", "127.0.0.1", "-V", "20200101:20200102")),
        "elsewhere": ("ecdsa", 521, ("-h", "-n", "elsewhere,127.0.0.1.example,127.0.0.*")),
        "anybody": ("rsa", 2048, ("-h",)),
    }
    lines = []
    for name, (kind, bits, options) in signed.items():
        servers.make_key(folder / name, kind=kind, bits=bits)
        sign(folder / name, authority, *options)
        lines += [f"HostKey {folder / name}", f"HostCertificate {folder / name}-cert.pub"]
    servers.make_key(folder / "host")
    sign(folder / "host", authority, "-n", "127.0.0.1")  # for a user, not for a host
    lines.append(f"HostCertificate {folder / 'host'}-cert.pub")
    spec = folder / "serials"
    spec.write_text("serial: 7\n")
    argv = ["ssh-keygen", "-q", "-k", "-f", str(folder / "krl"), "-s", str(authority) + ".pub", str(spec)]
    subprocess.run(argv, check=True, capture_output=True)
    with servers.sshd(folder, options=lines) as server:
        yield server


GOOD, EXPIRED, ELSEWHERE = (f"ecdsa-sha2-nistp{bits}-cert-v01@openssh.com" for bits in (256, 384, 521))
ANYBODY, USER = "rsa-sha2-512-cert-v01@openssh.com", "ssh-ed25519-cert-v01@openssh.com"
CA = "@cert-authority {name} {ca}"


@dataclass(frozen=True)
class Certified:
    shown: str
    known: tuple[str, ...]
    row: Row

    def __str__(self) -> str:
        return f"{self.shown.split('-cert')[0]} {self.known} {self.row}"


CERTIFIED = [
    Certified(GOOD, (CA,), Row({})),
    Certified(GOOD, ("@cert-authority 127.* {ca}",), Row({})),
    Certified(GOOD, ("@cert-authority zzprod {ca}",), Row({"HostKeyAlias": "zzprod"})),
    Certified(GOOD, ("@cert-authority other {ca}",), Row({"HostKeyAlias": "other"}, "not for other")),
    Certified(GOOD, ("@cert-authority\t{name} {ca}",), Row({}, "no @cert-authority line")),
    Certified(GOOD, ("@cert-authority {name} {other}",), Row({}, "no @cert-authority line")),
    Certified(GOOD, (CA, "@revoked * {ca}"), Row({}, "REVOKED")),
    Certified(GOOD, ("{name} {good}", "@revoked * {ca}"), Row({}, "REVOKED")),
    Certified(GOOD, (CA, "@revoked * {good}"), Row({}, "REVOKED")),
    Certified(GOOD, (CA,), Row({"RevokedHostKeys": "{folder}/ca.pub"}, "REVOKED")),
    Certified(GOOD, (CA,), Row({"RevokedHostKeys": "{folder}/krl"}, "REVOKED")),
    Certified(GOOD, (CA,), Row({"RevokedHostKeys": "{folder}/ca-other.pub"})),
    Certified(GOOD, (CA,), Row({"CASignatureAlgorithms": "rsa-sha2-512"}, "CASignatureAlgorithms")),
    Certified(GOOD, ("{name} {good}",), Row({"HostKeyAlgorithms": f"{GOOD},ecdsa-sha2-nistp256"})),
    Certified(EXPIRED, (CA,), Row({}, "it is valid from 2020-01-01")),
    # Later ones ask HostKeyAlgorithms about the key itself too, where they fall back on it.
    Certified(EXPIRED, (CA, "{name} {expired}"), Row({}, "its own key is not accepted", stricter=True)),
    Certified(GOOD, ("{name} {good}",), Row({}, "no @cert-authority line", stricter=True)),
    Certified(EXPIRED, (CA, "{name} {expired}"), Row({"HostKeyAlgorithms": f"{EXPIRED},ecdsa-sha2-nistp384"})),
    Certified(ELSEWHERE, (CA,), Row({}, "it is for elsewhere, 127.0.0.1.example, 127.0.0.*, not for 127.0.0.1")),
    # OpenSSH 9.2 takes a certificate without names for every host, later ones for none.
    Certified(ANYBODY, (CA,), Row({}, "it names no host", stricter=True)),
    Certified(USER, (CA,), Row({}, "it is not a host certificate")),
    Certified("ssh-ed25519", (CA,), Row({}, "no host certificate, though {folder}/known_hosts:1 has")),
]


@pytest.mark.parametrize("case", CERTIFIED, ids=str)
def test_host_certificates(certified: Sshd, case: Certified) -> None:
    folder = certified.folder
    words = {name: " ".join((folder / f"{name}.pub").read_text().split()[:2]) for name in ("ca", "good", "expired")}
    words |= {"other": (folder / "ca-other.pub").read_text(), "name": certified.name, "folder": str(folder)}
    certified.knows(*(line.format(**words) for line in case.known))
    given = {key: value.format(**words) for key, value in case.row.options.items()}
    row = Row(given, case.row.says.format(**words), stricter=case.row.stricter)
    held(row, certified.config(**{"HostKeyAlgorithms": case.shown} | given))


def test_new_session_keys_while_much_is_sent(tmp_path: Path) -> None:
    """RekeyLimit: channels end and begin in the middle of an exchange."""
    with servers.sshd(tmp_path, options=["LogLevel DEBUG1"]) as server:
        with connect("here", user=None, config=server.config(RekeyLimit="1M")) as host:
            for _ in range(3):
                assert len(host.start("head -c 8000000 /dev/zero").finish(SECONDS).stdout) == 8_000_000
        # At least one during each transfer, beyond that of the login. How many more depends on how far the sender is.
        assert (server.folder / "log").read_text().count("SSH2_MSG_NEWKEYS received") > 3


def test_our_certificate(tmp_path: Path) -> None:
    """CertificateFile, if the host trusts the authority and no key; and PubkeyAcceptedAlgorithms without it."""
    servers.make_key(tmp_path / "ca")
    with servers.sshd(tmp_path / "sshd", options=[f"TrustedUserCAKeys {tmp_path}/ca.pub"]) as server:
        (server.folder / "authorized_keys").write_text("")
        sign(server.folder / "client", tmp_path / "ca", "-n", servers.USER)
        (server.folder / "client-cert.pub").rename(tmp_path / "ours.pub")
        held(Row({}), server.config(CertificateFile=str(tmp_path / "ours.pub")))
        refused = Row({"PubkeyAcceptedAlgorithms": "ssh-ed25519"}, "which PubkeyAcceptedAlgorithms does not allow")
        held(refused, server.config(CertificateFile=str(tmp_path / "ours.pub"), **refused.options))


def test_our_short_key(plain: Sshd, tmp_path: Path) -> None:
    servers.make_key(tmp_path / "short", kind="rsa", bits=1024)
    options = {"IdentityFile": str(tmp_path / "short"), "RequiredRSASize": "2048"}
    held(Row(options, "has 1024 bits, RequiredRSASize asks for 2048"), plain.config(**options))


def test_every_jump_host_is_held_to_its_own_options(plain: Sshd, narrow: Sshd) -> None:
    config = narrow.config("inner", ProxyJump="gate")
    gate = plain.config("gate", RevokedHostKeys=str(plain.folder / "listed"))
    config.write_text(config.read_text() + gate.read_text())
    said = verdict(config, "inner")
    assert said.startswith("gate (")
    assert "REVOKED" in said


def test_jump_hosts_in_a_circle(plain: Sshd) -> None:
    config = plain.config("one", ProxyJump="two")
    config.write_text(config.read_text() + plain.config("two", ProxyJump="one").read_text())
    assert "more than 8 jump hosts" in verdict(config, "one")


def test_the_table_names_every_option_that_ssh_prints(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("KnownHostsCommand /x\nProxyCommand x\nBindAddress ::1\nRevokedHostKeys /x\n")
    argv = ["ssh", "-G", "-F", str(tmp_path / "config"), "host"]
    printed = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    keywords = {line.split(" ")[0].lower() for line in printed.split("\n") if line}
    assert len(keywords) > 60
    assert keywords - set(OPTIONS) == set()
    assert len(OPTIONS) == len(TABLE)
    assert all(option.why for option in TABLE)
    assert all(not option.harmless or option.how is How.REFUSED for option in TABLE)


# Names


SEPARATORS = ("\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\r", "\n")


@pytest.mark.parametrize("separator", SEPARATORS, ids=ascii)
def test_a_user_name_is_no_option(plain: Sshd, tmp_path: Path, separator: str) -> None:
    """From the command line or a registry; and from its own settings, if ssh accepts it there."""
    name = f"{servers.USER}{separator}proxycommand touch {tmp_path}/ran"
    with pytest.raises(Unreachable, match="user name"):
        connect("here", user=name, config=plain.config())
    with pytest.raises(Unreachable, match="host name"):
        connect(f"here{separator}proxycommand touch", user=None, config=plain.config())
    with pytest.raises(Unreachable, match="address"):
        connect("here", user=None, config=plain.config(), address=f"127.0.0.1{separator}x")
    if separator not in "\r\n":
        assert verdict(plain.config(User=f'"{name}"'))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["-oProxyCommand=x", "a;b", "$(b)", "`b`", "a b", "a|b", "a&b", "a>b", "a'b", 'a"b'])
def test_names_that_a_shell_would_obey(plain: Sshd, tmp_path: Path, name: str) -> None:
    config = plain.config("*", ProxyCommand=f"touch {tmp_path}/ran %h %n %r")
    with pytest.raises(Unreachable, match="host name"):
        connect(name, user=None, config=config)
    if " " not in name and "$" not in name:
        with pytest.raises(Unreachable, match="user name"):
            connect("here", user=name, config=config)
    with pytest.raises(Unreachable, match="HostName"):
        connect("here", user=None, config=plain.config(HostName=f"'{name}'" if '"' in name else f'"{name}"'))
    assert not (tmp_path / "ran").exists()


# What a host or a helper does that never ends


PARENT = """
import sys, time
from pathlib import Path
from qtctl.adapters.ssh import connect
connect("here", user=None, config=Path(sys.argv[1]), connect_timeout_s=30)
"""


def test_a_proxy_command_does_not_outlive_us(plain: Sshd, tmp_path: Path) -> None:
    """Not even one that reads nothing, when qtctl is killed."""
    command = f"sh -c 'echo $$ > {tmp_path}/pid; exec sleep 60'"
    config = plain.config(ProxyCommand=command)
    process = subprocess.Popen([sys.executable, "-c", PARENT, str(config)], stderr=subprocess.DEVNULL)
    pid = int(_soon(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text()))
    _soon(lambda: _guards(process.pid))
    process.kill()
    process.wait()
    _soon(lambda: not _alive(pid))


def test_ssh_that_never_answers_leaves_nothing(plain: Sshd, tmp_path: Path) -> None:
    config = plain.config()
    config.write_text(f'Match exec "echo $$ > {tmp_path}/pid; sleep 60"\n{config.read_text()}')
    with pytest.raises(Unreachable, match="gave no answer"):
        connect("here", user=None, config=config, connect_timeout_s=0.5)
    pid = int((tmp_path / "pid").read_text())
    _soon(lambda: not _alive(pid))


def test_ssh_that_prints_without_end(plain: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ssh").write_text("#!/bin/sh\nexec yes setenv A=B\n")
    (tmp_path / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(Unreachable, match="more than 1 MB"):
        connect("here", user=None, config=plain.config(), connect_timeout_s=SECONDS)


@contextmanager
def speaker(begin: bytes, again: bytes) -> Iterator[int]:
    """Says `begin`, then `again` until nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def speak() -> None:
            sock, _ = listening.accept()
            with sock:
                try:
                    sock.sendall(begin)
                    while True:
                        sock.sendall(again)
                except OSError:
                    return

        thread = threading.Thread(target=speak)
        thread.start()
        yield int(listening.getsockname()[1])
        thread.join(SECONDS)
        assert not thread.is_alive()


HOSTILE = {
    "a banner without end": (b"", b"x" * 65536),
    "banners without end": (b"", b"x\n" * 1000),
    "a packet of 4 GB": (b"SSH-2.0-x\r\n\xff\xff\xff\xf0", b"\0" * 65536),
    "a packet of 2 GB": (b"SSH-2.0-x\r\n\x7f\xff\xff\xf4", b"\0" * 65536),
    "a packet of nothing": (b"SSH-2.0-x\r\n", b"\0" * 64),
    "a key exchange of nothing": (b"SSH-2.0-x\r\n", b"\0\0\0\x0c\x0a\x14" + b"\0" * 10),
    "no letters": (b"SSH-2.0-\xff\xfe\r\n", b"\xff" * 64),
    "lines of its own": (b"SSH-9.0-x\x1b[2J\r\n\nerror: no\r\n", b"\r\n"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_host_that_floods_before_the_key_exchange(plain: Sshd, name: str) -> None:
    with speaker(*HOSTILE[name]) as port:
        began, before = time.monotonic(), _resident()
        said = verdict(plain.config(Port=str(port)))
        assert "no SSH handshake" in said or "KexAlgorithms" in said
        assert "\n" not in said
        assert time.monotonic() - began < SECONDS
        assert _resident() - before < 50 << 20


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def _guards(parent: int) -> bool:
    """Whether the process has started its ProxyCommand and the guard of it."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return len(children) > 1


def _soon(found: object, seconds: float = 10.0) -> str:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if value := found():  # type: ignore[operator]
            return str(value)
        time.sleep(0.01)
    raise AssertionError("not in time")
