"""Unit names, against systemd-escape where this machine has it."""

import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qtctl.dialects.systemd.unit_name import check_unit_name, escape, escape_path, is_valid, strip_type, unescape
from qtctl.errors import InputError

needs_escape = pytest.mark.skipif(not shutil.which("systemd-escape"), reason="asks this machine's systemd-escape")


@pytest.mark.parametrize("name", ["a.service", "a@.service", "a@b.timer", "dev-disk\\x2dby.device", ".a:b_c.target"])
def test_valid(name: str) -> None:
    assert is_valid(name)
    assert check_unit_name(name, "After") == name


@pytest.mark.parametrize(
    "name", ["a", "", ".service", "@a.service", "a b.service", "a.foo", "\u00fc.service", "a.service\n"]
)
def test_not_valid(name: str) -> None:
    assert not is_valid(name)
    with pytest.raises(InputError, match="After: not the name of a unit"):
        check_unit_name(name, "After")


def test_too_long() -> None:
    assert is_valid("a" * 247 + ".service")
    assert not is_valid("a" * 248 + ".service")


def test_stem() -> None:
    assert strip_type("quantum-a.b.service") == "quantum-a.b"


@needs_escape
@settings(max_examples=40, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12))
def test_escapes_as_systemd_does(text: str) -> None:
    theirs = subprocess.run(["systemd-escape", "--", text], capture_output=True, check=True).stdout
    assert escape(text) == theirs.decode().removesuffix("\n")
    assert unescape(escape(text)) == text


@needs_escape
@pytest.mark.parametrize("path", ["/", "/a/b", "//a//b/", "/.hidden/x", "/a-b/c d", "/a/./b"])
def test_escapes_paths_as_systemd_does(path: str) -> None:
    theirs = subprocess.run(["systemd-escape", "--path", "--", path], capture_output=True, check=True).stdout
    assert escape_path(path) == theirs.decode().removesuffix("\n")
