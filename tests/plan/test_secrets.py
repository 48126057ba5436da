"""Which secret a name means, and what may be its value."""

import pytest

from qtctl.dialects.systemd.envfile import parse_env_file
from qtctl.errors import InputError
from qtctl.model.inquiry import build_inquiry
from qtctl.model.secret_place import SecretKind, SecretPlace
from qtctl.plan.secrets import find_secret, list_secrets, make_content
from tests.builders.audited import desired, service

KEY = SecretPlace("API_KEY", SecretKind.KEY, "/etc/x.env", ("a",), ("a.service",))
FILE = SecretPlace("cert", SecretKind.CREDENTIAL, "/etc/cert", ("a",), ("a.service",))
LOADED = (("LoadCredential", "cert:/etc/cert"), ("LoadCredential", "own:relative"), ("LoadCredential", "x:/etc/%i"))
DESIRED = desired(
    services=(
        service("a", secrets_file="/etc/a.env", secrets_keys=("API_KEY", "TOKEN"), settings=LOADED),
        service("b", secrets_file="/etc/b.env", secrets_keys=("API_KEY",)),
        service("c", secrets_file="/etc/b.env", secrets_keys=("API_KEY",)),
        service("d", settings=(("LoadCredentialEncrypted", "disk:/etc/disk.cred"),)),
    )
)


def test_every_declared_one_is_there_once_with_who_is_given_it() -> None:
    found = [(each.path, each.name, each.kind.value, each.services) for each in list_secrets(DESIRED)]
    assert found == [
        ("/etc/a.env", "API_KEY", "key", ("a",)),
        ("/etc/a.env", "TOKEN", "key", ("a",)),
        ("/etc/b.env", "API_KEY", "key", ("b", "c")),
        ("/etc/cert", "cert", "credential", ("a",)),
        ("/etc/disk.cred", "disk", "encrypted", ("d",)),
    ]


def test_none_is_read_for_a_digest() -> None:
    assert build_inquiry(DESIRED, ()).protected_paths == {"/etc/a.env", "/etc/b.env", "/etc/cert", "/etc/disk.cred"}


@pytest.mark.parametrize(
    ("name", "path"), [("TOKEN", "/etc/a.env"), ("c/API_KEY", "/etc/b.env"), ("cert", "/etc/cert")]
)
def test_a_name_that_means_one_file_is_enough(name: str, path: str) -> None:
    assert find_secret(list_secrets(DESIRED), name).path == path


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("API_KEY", "say which: a/API_KEY, b/API_KEY"),
        ("TOKEM", "TOKEN"),
        ("b/TOKEN", "TOKEN"),
        ("disk", "systemd-creds"),
    ],
)
def test_a_name_that_means_none_or_several_is_an_error_with_what_to_say(name: str, hint: str) -> None:
    with pytest.raises(InputError) as caught:
        find_secret(list_secrets(DESIRED), name)
    assert hint in caught.value.hint


@pytest.mark.parametrize("value", ["plain", 'a "b" $c `d` \\ #', " two\nlines ", "é", "'"])
def test_systemd_reads_the_value_that_was_given(value: str) -> None:
    for end in ("", "\n", "\r\n"):
        line = make_content(KEY, (value + end).encode())
        assert parse_env_file(line.decode() + "\n", "x.env") == {"API_KEY": value}
    assert make_content(FILE, value.encode() + b"\n") == value.encode() + b"\n"


@pytest.mark.parametrize("place", [KEY, FILE])
@pytest.mark.parametrize("value", [b"", b"canary" * 50_000, b"canary\0", b"canary\xff", b"\n"])
def test_what_cannot_be_one_is_refused_without_a_word_of_it(place: SecretPlace, value: bytes) -> None:
    if place is FILE and value in (b"canary\0", b"canary\xff", b"\n"):
        assert make_content(place, value) == value
        return
    with pytest.raises(InputError) as caught:
        make_content(place, value)
    assert "canary" not in f"{caught.value.what} {caught.value.hint} {caught.value.__cause__}"
