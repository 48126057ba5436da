"""What is taken for a secret, and where in a text it is found."""

import pytest

from qtctl.dialects.secrets import find_secret_kind, find_secret_spans, is_harmless

TOKEN = "eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl"
FOUND = {
    "an option": ("--db-password=hunter2 --port 80", ["hunter2"]),
    "a colon": ("token: abc", ["abc"]),
    "quotes": ("PASSWORD='two words' x", ["'two words'"]),
    "within another assignment": ("env=PASSWORD=abc", ["abc"]),
    "after a digit": ("1PASSWORD=abc", ["abc"]),
    "after dots and dashes": ("x.-.password=abc", ["abc"]),
    "two": ("pwd=a&pwd=b", ["a", "b"]),
    "a URL": ("see https://u:s3cr3t@h/d", ["s3cr3t"]),
    "a URL with a harmless password before another": ("http://u:${P}@h http://u:s3cr3t@h", ["s3cr3t"]),
    "a URL in a word": ("x-https://u:s3cr3t@h", ["s3cr3t"]),
    "a JSON web token": (TOKEN, [TOKEN]),
    "a JSON web token after other words": (f"x-{TOKEN}", [TOKEN]),
    "a JSON web token after a word that is none": (f"1{TOKEN.partition('.')[0]}.{TOKEN}", [TOKEN]),
    "a value that another secret overlaps": ("http://x:pwd=abc$@/d&", ["pwd=abc$@/d"]),
    "credentials after their scheme": ("Basic dXNlcjpwYXNz Bearer Abcdefg1", ["dXNlcjpwYXNz", "Abcdefg1"]),
    "one that goes on beyond another": (f"https://u:a{TOKEN}b@h", [f"a{TOKEN}b"]),
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    text, secrets = FOUND[name]
    assert [text[start:end] for start, end, _ in find_secret_spans(text)] == secrets


@pytest.mark.parametrize("text", ["password=", "password=${X}", "pwd=<here>", "pwd=/run/x", "pwd='open", "a=b",
                                  "Basic System", "basic Authentication (LDAP)"])  # fmt: skip
def test_not_found(text: str) -> None:
    assert find_secret_spans(text) == []


def test_a_password_of_any_url_counts() -> None:
    assert find_secret_kind("http://u:${P}@h http://u:s3cr3t@h") == "holds a URL with a password"


@pytest.mark.parametrize("text", ["<" + "x" * 300 + ">", "$" + "x" * 300, "*" * 300])
def test_a_placeholder_is_short(text: str) -> None:
    assert not is_harmless(text)
