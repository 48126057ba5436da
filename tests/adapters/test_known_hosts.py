"""known_hosts, held to what ssh-keygen and OpenSSH's manual say."""

import base64
import hashlib
import hmac
import subprocess
import time
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtctl.adapters.known_hosts import format_fingerprint, look_up, matches_pattern, strip_port
from qtctl.adapters.ssh_wire import encode_string
from tests.adapters.servers import make_key


def blob(text: bytes, kind: str = "ssh-ed25519") -> bytes:
    return encode_string(kind.encode()) + encode_string(text)


def text(blob: bytes) -> str:
    return base64.b64encode(blob).decode()


ONE = text(blob(b"key one"))
TWO = text(blob(b"key two"))
SHORT = text(hmac.new(b"salt", b"db", hashlib.sha1).digest())
"""Of a salt that is not as long as OpenSSH's."""


@pytest.mark.parametrize(
    ("line", "name", "verdict"),
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
        (f"db ssh-ed25519 {ONE}\r", "db", "known"),
        (f"\t db\tssh-ed25519\t{ONE}", "db", "known"),
        (f"db\0 ssh-ed25519 {ONE}", "db", "unknown"),
        (f"db ssh-rsa {ONE}", "db", "unknown"),
        (f"@revoked\tdb ssh-ed25519 {ONE}\ndb ssh-ed25519 {ONE}", "db", "revoked"),
        (f"@other db ssh-ed25519 {ONE}", "db", "unknown"),
        (f"@revoked @revoked db ssh-ed25519 {ONE}", "db", "unknown"),
        (f"\N{KELVIN SIGN}b ssh-ed25519 {ONE}", "kb", "unknown"),
        (f"db,{'x' * 1024} ssh-ed25519 {ONE}", "db", "unknown"),
        (f"|1|c2FsdA==|{SHORT} ssh-ed25519 {ONE}", "db", "unknown"),
    ],
)
def test_judge(line: str, name: str, verdict: str) -> None:
    assert look_up([("known_hosts", line.encode())], name).judge(blob(b"key one")) == verdict


def test_only_known_types_may_be_negotiated() -> None:
    rsa = text(blob(b"key", "ssh-rsa"))
    file = f"db ssh-rsa {rsa}\ndb ssh-ed25519 {TWO}\n@revoked db ecdsa-sha2-nistp256 {ONE}"
    known = look_up([("f", file.encode())], "db")
    assert known.algorithms == ("rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519")


def test_hashed_by_ssh_keygen(tmp_path: Path) -> None:
    public = make_key(tmp_path / "key").split()
    key = base64.b64decode(public[1])
    file = tmp_path / "known_hosts"
    file.write_text(f"[db.example]:2222 {public[0]} {public[1]}\n")
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(file)], check=True, capture_output=True)
    assert "db.example" not in file.read_text()
    files = [(str(file), file.read_bytes())]
    assert look_up(files, "[db.example]:2222").judge(key) == "known"
    assert look_up(files, "db.example").judge(key) == "unknown"


def test_fingerprint_as_ssh_keygen_prints_it(tmp_path: Path) -> None:
    public = make_key(tmp_path / "key").split()
    ran = subprocess.run(
        ["ssh-keygen", "-l", "-f", str(tmp_path / "key.pub")], capture_output=True, text=True, check=True
    )
    assert format_fingerprint(base64.b64decode(public[1])) == ran.stdout.split()[1]


@pytest.mark.parametrize(("name", "plain"), [("[db]:22", "db"), ("[::1]:2222", "::1"), ("db", "db")])
def test_bare(name: str, plain: str) -> None:
    assert strip_port(name) == plain


@given(st.binary(max_size=300), st.text(max_size=20))
def test_takes_anything(data: bytes, name: str) -> None:
    assert look_up([("f", data)], name).judge(b"x") in ("unknown", "known", "changed", "revoked")


@given(st.text(alphabet="ab?*", max_size=8), st.text(alphabet="ab", max_size=8))
def test_patterns(pattern: str, name: str) -> None:
    assert matches_pattern(pattern.encode(), name.encode()) == fnmatchcase(name, pattern)


def test_a_pattern_of_stars_takes_no_time() -> None:
    began = time.process_time()
    assert not matches_pattern(b"*a" * 500, b"a" * 250 + b"b")
    assert time.process_time() - began < 1


SEPARATORS = ("\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\r")


@pytest.mark.parametrize("separator", SEPARATORS, ids=ascii)
def test_a_line_ends_at_a_line_feed_only(separator: str) -> None:
    """A comment, or another host's line, must not hide a line of its own."""
    for begin in ("# comment", f"other ssh-ed25519 {TWO} comment"):
        known = look_up([("f", f"{begin}{separator}db ssh-ed25519 {ONE}\n".encode())], "db")
        assert known.judge(blob(b"key one")) == "unknown"
