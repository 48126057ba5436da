"""known_hosts, held to what ssh-keygen and OpenSSH's manual say."""

import base64
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtctl.adapters.known_hosts import bare, fingerprint, look_up
from tests.adapters.servers import make_key

ONE = base64.b64encode(b"key one").decode()
TWO = base64.b64encode(b"key two").decode()


@pytest.mark.parametrize(
    ("text", "name", "verdict"),
    [
        (f"db ssh-ed25519 {ONE}", "db", "known"),
        (f"db ssh-ed25519 {ONE} a comment", "db", "known"),
        (f"other,db ssh-ed25519 {ONE}", "db", "known"),
        (f"DB ssh-ed25519 {ONE}", "db", "known"),
        (f"*.example ssh-ed25519 {ONE}", "db.example", "known"),
        (f"*.example,!db.example ssh-ed25519 {ONE}", "db.example", "unknown"),
        (f"d? ssh-ed25519 {ONE}", "db", "known"),
        (f"[db]:2222 ssh-ed25519 {ONE}", "[db]:2222", "known"),
        (f"[db]:2222 ssh-ed25519 {ONE}", "db", "unknown"),
        (f"db ssh-ed25519 {ONE}", "[db]:2222", "unknown"),
        (f"db ssh-ed25519 {TWO}", "db", "changed"),
        (f"db ssh-ed25519 {TWO}\ndb ssh-ed25519 {ONE}", "db", "known"),
        (f"@revoked * ssh-ed25519 {ONE}\ndb ssh-ed25519 {ONE}", "db", "revoked"),
        (f"@revoked db ssh-ed25519 {TWO}\ndb ssh-ed25519 {ONE}", "db", "known"),
        (f"@cert-authority db ssh-ed25519 {ONE}", "db", "unknown"),
        (f"# db ssh-ed25519 {ONE}", "db", "unknown"),
        ("db ssh-ed25519 not=base64!", "db", "unknown"),
        ("db ssh-ed25519", "db", "unknown"),
        ("", "db", "unknown"),
    ],
)
def test_judge(text: str, name: str, verdict: str) -> None:
    assert look_up([("known_hosts", text)], name).judge(b"key one") == verdict


def test_only_known_types_may_be_negotiated() -> None:
    known = look_up([("f", f"db ssh-rsa {ONE}\ndb ssh-ed25519 {TWO}\n@revoked db ecdsa-sha2-nistp256 {ONE}")], "db")
    assert known.algorithms == ("rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519")


def test_hashed_by_ssh_keygen(tmp_path: Path) -> None:
    public = make_key(tmp_path / "key").split()
    blob = base64.b64decode(public[1])
    file = tmp_path / "known_hosts"
    file.write_text(f"[db.example]:2222 {public[0]} {public[1]}\n")
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(file)], check=True, capture_output=True)
    assert "db.example" not in file.read_text()
    texts = [(str(file), file.read_text())]
    assert look_up(texts, "[db.example]:2222").judge(blob) == "known"
    assert look_up(texts, "db.example").judge(blob) == "unknown"


def test_fingerprint_as_ssh_keygen_prints_it(tmp_path: Path) -> None:
    public = make_key(tmp_path / "key").split()
    ran = subprocess.run(
        ["ssh-keygen", "-l", "-f", str(tmp_path / "key.pub")], capture_output=True, text=True, check=True
    )
    assert fingerprint(base64.b64decode(public[1])) == ran.stdout.split()[1]


@pytest.mark.parametrize(("name", "plain"), [("[db]:22", "db"), ("[::1]:2222", "::1"), ("db", "db")])
def test_bare(name: str, plain: str) -> None:
    assert bare(name) == plain


@given(st.text(max_size=300), st.text(max_size=20))
def test_takes_anything(text: str, name: str) -> None:
    assert look_up([("f", text)], name).judge(b"x") in ("unknown", "known", "changed", "revoked")
