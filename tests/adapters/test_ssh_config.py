"""Reading `ssh -G`."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtctl.adapters.ssh_config import Hop, Local, Settings, expand, make_command, parse_jumps
from qtctl.adapters.ssh_config import parse as parse_bytes

HERE = Local("me", "/home/me", 1000, "desk.example", {"SSH_AUTH_SOCK": "/run/agent", "KEYS": "/keys"})

PRINTED = """\
host lab
user ops
hostname db.example
port 2222
identitiesonly yes
proxycommand none
identityfile ~/.ssh/id_%r
identityfile /keys/%h-%n
identityfile none
globalknownhostsfile /etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2
userknownhostsfile /home/me/.ssh/known_hosts ${KEYS}/known
connecttimeout 7
"""


def parse(text: str, target: str, here: Local) -> Settings:
    return parse_bytes(text.encode(), target, here)


def test_parse() -> None:
    settings = parse(PRINTED, "lab", HERE)
    assert (settings.hostname, settings.port, settings.user) == ("db.example", 2222, "ops")
    assert settings.identity_files == ("/home/me/.ssh/id_ops", "/keys/db.example-lab")
    assert settings.user_known_hosts == ("/home/me/.ssh/known_hosts", "/keys/known")
    assert settings.global_known_hosts == ("/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2")
    assert (settings.proxy_command, settings.proxy_jump) == ("", ())
    assert (settings.identities_only, settings.identity_agent) == (True, "/run/agent")
    assert settings.connect_timeout_s == 7
    assert settings.known_as == "[db.example]:2222"


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("hostkeyalias Fleet-DB", "known_as", "fleet-db"),
        ("port 22", "known_as", "db"),
        ("connecttimeout none", "connect_timeout_s", None),
        ("proxycommand nc %h %p # %r", "proxy_command", "nc db 22 # me"),
        ("proxyjump a,ops@b:2200", "proxy_jump", (Hop("a"), Hop("b", "ops", 2200))),
        ("identityagent none", "identity_agent", ""),
        ("identityagent ~/agent", "identity_agent", "/home/me/agent"),
        ("identityagent $KEYS", "identity_agent", "/keys"),
        ("identityagent SSH_AUTH_SOCK", "identity_agent", "/run/agent"),
        ("identityfile none", "identity_files", ()),
        ("proxycommand ${KEYS}/relay ~ %u %%", "proxy_command", "${KEYS}/relay ~ %u %"),
        (
            "userknownhostsfile /my files/known ~/known /b",
            "user_known_hosts",
            ("/my files/known", "/home/me/known", "/b"),
        ),
        ("userknownhostsfile none", "user_known_hosts", ()),
        ("globalknownhostsfile /a/%h ~/b", "global_known_hosts", ("/a/%h", "/home/me/b")),
        ("revokedhostkeys ~/revoked files", "revoked_host_keys", "/home/me/revoked files"),
        ("revokedhostkeys none", "revoked_host_keys", ""),
        ("checkhostip yes", "check_host_ip", True),
        ("requiredrsasize 0", "required_rsa_size", 1024),
        ("requiredrsasize 3072", "required_rsa_size", 3072),
        ("rekeylimit 1073741824 3600", "rekey", (1 << 30, 3600)),
        ("rekeylimit 0 0", "rekey", (0, 0)),
        ("bindaddress 127.0.0.2", "bind_address", "127.0.0.2"),
        ("addressfamily inet6", "address_family", "inet6"),
        ("port ²", "port", 22),
        ("port 99999", "port", 22),
        ("connecttimeout ²", "connect_timeout_s", None),
        ("proxyjump a:²", "proxy_jump", (Hop("a:²"),)),
    ],
)
def test_one_setting(line: str, field: str, value: object) -> None:
    assert getattr(parse(f"hostname db\n{line}\n", "db", HERE), field) == value


@pytest.mark.parametrize(
    ("text", "hops"),
    [
        ("none", ()),
        ("", ()),
        ("gate", (Hop("gate"),)),
        ("me@gate:22", (Hop("gate", "me", 22),)),
        ("ssh://me@gate:2222", (Hop("gate", "me", 2222),)),
        ("[fe80::1]:2222, b", (Hop("fe80::1", "", 2222), Hop("b"))),
        ("me@corp@gate", (Hop("gate", "me@corp"),)),
    ],
)
def test_jumps(text: str, hops: tuple[Hop, ...]) -> None:
    assert parse_jumps(text) == hops


@given(st.text(alphabet="abc%hnp~/{}. ", max_size=30).filter(lambda text: not text.startswith("~/")))
def test_a_doubled_percent_is_a_percent(text: str) -> None:
    assert expand(text.replace("%", "%%"), parse("hostname h\n", "t", HERE), HERE) == text


@given(st.text(max_size=200) | st.binary(max_size=200))
def test_parse_takes_anything(printed: str | bytes) -> None:
    data = printed.encode("utf-8", "replace") if isinstance(printed, str) else printed
    assert parse_bytes(data, "t", HERE).target == "t"


def test_a_target_is_never_an_option() -> None:
    assert make_command("-oProxyCommand=x", config=None, user=None, port=None)[-2:] == ["--", "-oProxyCommand=x"]


def test_as_openssh_prints_it(tmp_path: Path) -> None:
    """Include, Match exec and tokens, as the installed ssh resolves them."""
    (tmp_path / "more").write_text("Host db\n  HostName 127.0.0.1\n  UserKnownHostsFile /a /b\n")
    (tmp_path / "config").write_text(
        f"Include {tmp_path}/more\nMatch host 127.0.0.1 exec true\n  Port 2022\n  IdentityFile ~/.ssh/%n\n"
    )
    argv = make_command("db", config=tmp_path / "config", user="ops", port=None)
    ran = subprocess.run(argv, capture_output=True, text=True, check=True)
    settings = parse(ran.stdout, "db", HERE)
    assert (settings.hostname, settings.port, settings.user) == ("127.0.0.1", 2022, "ops")
    assert settings.identity_files == ("/home/me/.ssh/db",)
    assert settings.user_known_hosts == ("/a", "/b")
