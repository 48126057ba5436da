"""CheckHostIP: what is known of the address counts too. Loopback, where all other tests connect, is left out of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from qtctl.adapters import host_keys
from qtctl.adapters.ssh_config import Settings
from qtctl.adapters.ssh_wire import encode_string
from qtctl.errors import Unreachable
from tests.adapters.test_known_hosts import ONE, TWO, blob

SHOWN = blob(b"key one")
PEER = "192.0.2.7"
REFUSED, ACCEPTED = "has another key for its address 192.0.2.7", ""


def settings(tmp_path: Path, *lines: str) -> Settings:
    file = tmp_path / "known_hosts"
    file.write_text("".join(f"{line}\n" for line in lines))
    return Settings("db", "db", 22, "ops", user_known_hosts=(str(file),), check_host_ip=True)


@pytest.mark.parametrize(
    ("line", "peer", "verdict"),
    [
        (f"{PEER} ssh-ed25519 {TWO}", PEER, REFUSED),
        (f"@revoked {PEER} ssh-ed25519 {ONE}", PEER, REFUSED),
        (f"{PEER} ssh-ed25519 {ONE}", PEER, ACCEPTED),
        (f"[{PEER}]:22 ssh-ed25519 {TWO}", PEER, ACCEPTED),
        ("", PEER, ACCEPTED),
        (f"127.0.0.1 ssh-ed25519 {TWO}", "127.0.0.1", ACCEPTED),
        (f"::1 ssh-ed25519 {TWO}", "::1", ACCEPTED),
        (f"{PEER} ssh-ed25519 {TWO}", "", ACCEPTED),
    ],
)
def test_check_host_ip(tmp_path: Path, line: str, peer: str, verdict: str) -> None:
    found = settings(tmp_path, f"db ssh-ed25519 {ONE}", line)
    said = _said(found, peer)
    assert verdict in said
    assert bool(verdict) == bool(said)
    assert _said(replace(found, check_host_ip=False), peer) == ""


def test_with_an_odd_port(tmp_path: Path) -> None:
    found = replace(settings(tmp_path, f"db ssh-ed25519 {ONE}", f"[{PEER}]:2222 ssh-ed25519 {TWO}"), port=2222)
    assert REFUSED in _said(found, PEER)


@pytest.mark.parametrize(
    "shown", [b"", b"\0\0\0\x0b", encode_string(b"ssh-rsa"), encode_string(b"ssh-ed25519-cert-v01@openssh.com")]
)
def test_what_is_no_key(tmp_path: Path, shown: bytes) -> None:
    assert _said(settings(tmp_path, f"db ssh-ed25519 {ONE}"), PEER, shown) != ""


def _said(found: Settings, peer: str, shown: bytes = SHOWN) -> str:
    try:
        host_keys.read(found).check(shown, peer)
    except Unreachable as error:
        return error.what
    return ""
