"""Which paths are plain."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtctl.dialects.paths import explain_trouble, list_folders, names_of, normalize
from qtctl.errors import InputError


@pytest.mark.parametrize("path", ["/a", "a/b", "//a/./b/", "/a b/%i/ü", "...", "/..a/b..", "x" * 255, "ü" * 127])
def test_plain(path: str) -> None:
    assert explain_trouble(path) == ""
    assert all(name not in ("", ".", "..") for name in names_of(path))


@pytest.mark.parametrize(
    "path", ["..", "/..", "a/../b", "\0", "a\n", "\u2028", "\x85", "x" * 256, "ü" * 128, "a/" * 2100]
)
def test_not_plain(path: str) -> None:
    assert explain_trouble(path)
    with pytest.raises(InputError):
        list_folders(path)


def test_a_file_has_a_name() -> None:
    assert list_folders("/") == []
    with pytest.raises(InputError):
        names_of("/")


@pytest.mark.parametrize(
    ("path", "plain"),
    [("/a/../b", "/b"), ("/../../a", "/a"), ("//a//./b/", "/a/b"), ("a/../..", "/"), ("/", "/"), ("/a/..", "/")],
)
def test_normal(path: str, plain: str) -> None:
    assert normalize(path) == plain


@given(st.text(alphabet="ab./\n"))
def test_what_is_normal_never_leaves_the_root(path: str) -> None:
    plain = normalize(path)
    assert plain.startswith("/")
    assert not {"..", "."} & {*plain.split("/")}
    assert normalize(plain) == plain
