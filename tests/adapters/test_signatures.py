"""Signatures of real keys, by OpenSSH's own ssh-keygen: whose they are, what for, and when."""

from pathlib import Path

import pytest

from qtctl.adapters.signatures import NAMESPACE, check, check_signers, sign
from qtctl.api.snapshot import open_store
from qtctl.errors import InputError
from tests.adapters.servers import make_key
from tests.history.year import document

CONTENT, TAKEN = document(), "2026-03-01T00:05:00.000Z"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    ours, other = make_key(folder / "ours"), make_key(folder / "other")
    (folder / "signers").write_text(f"ops@example.org {ours}\n")
    (folder / "narrow").write_text(f'ops@example.org namespaces="git" {ours}\n')
    (folder / "later").write_text(f'ops@example.org valid-after="20260401" {ours}\n')
    (folder / "others").write_text(f"else@example.org {other}\n")
    return folder


def test_a_signature_holds_for_its_content_and_its_signer(keys: Path) -> None:
    signature = sign(CONTENT, keys / "ours")
    assert check(CONTENT, signature, None, TAKEN) == ""
    assert check(CONTENT, signature, keys / "signers", TAKEN) == ""


def test_what_is_not_good_says_why(keys: Path) -> None:
    signature = sign(CONTENT, keys / "ours")
    assert "does not fit" in check(CONTENT + b"\n", signature, None, TAKEN)
    assert "not good" in check(CONTENT + b"\n", signature, keys / "signers", TAKEN)
    assert "not one of the allowed signers" in check(CONTENT, signature, keys / "others", TAKEN)
    assert check(CONTENT, signature, keys / "narrow", TAKEN)
    assert check(CONTENT, signature, keys / "later", TAKEN)
    assert check(CONTENT, signature, keys / "later", "2026-05-01T00:00:00.000Z") == ""
    assert check(CONTENT, b"no signature", None, TAKEN)
    assert check(CONTENT, b"", keys / "signers", TAKEN)


def test_every_flipped_byte_of_a_signature_counts(keys: Path) -> None:
    signature = sign(CONTENT, keys / "ours")
    for at in range(30, len(signature) - 30, 37):
        if signature[at : at + 1].isalnum():
            other = b"A" if signature[at : at + 1] != b"A" else b"B"
            assert check(CONTENT, signature[:at] + other + signature[at + 1 :], keys / "signers", TAKEN)


def test_a_signature_for_another_purpose_is_none(keys: Path) -> None:
    import subprocess

    made = subprocess.run(
        ["ssh-keygen", "-Y", "sign", "-f", str(keys / "ours"), "-n", "git"],
        input=CONTENT,
        capture_output=True,
        check=True,
    )
    assert NAMESPACE != "git"
    assert check(CONTENT, made.stdout, None, TAKEN)
    assert check(CONTENT, made.stdout, keys / "signers", TAKEN)


def test_a_key_that_cannot_sign(keys: Path) -> None:
    (keys / "text").write_text("no key")
    with pytest.raises(InputError, match="could not sign"):
        sign(CONTENT, keys / "text")
    with pytest.raises(InputError, match="there is no such key"):
        sign(CONTENT, keys / "none")
    with pytest.raises(InputError, match="there is no such file"):
        check(CONTENT, sign(CONTENT, keys / "ours"), keys / "none", TAKEN)


def test_why_a_file_cannot_be_looked_at_is_told(keys: Path) -> None:
    """It is not said to be missing."""
    (keys / "file").touch()
    for use in (lambda path: sign(CONTENT, path), check_signers, lambda path: open_store(str(path), existing=True)):
        with pytest.raises(InputError, match="cannot be read: Not a directory") as caught:
            use(keys / "file/below")
        assert caught.value.hint == "check the path"
