"""What a terminal is shown, and words for a shell: real bash reads them back."""

import json
import subprocess
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtctl.dialects import shell, terminal
from tests.security.hostile import ALL, BREAKS, TRICKS

SHOWN = {
    "a\x1b[31m": "a\\x1b[31m",
    "\x9b\x7f\x00": "\\x9b\\x7f\\x00",
    "a\nb\r\tc": "a\\nb\\r\\tc",
    "\u202e\u2066\u061c": "\\u202e\\u2066\\u061c",
    "\U000e0041": "\\U000e0041",
    "\ud800": "\\ud800",
    "[b]:smile:\\x1b": "[b]:smile:\\x1b",
}
ORDINARY = (
    *("Grüße, Ærøskøbing", "Ελληνικά", "русский", "עברית", "العربية", "हिन्दी", "ไทย", "日本語 한국어", "ạ̈", "5 %"),
    *("→ ↳ — · │ ─ ✓", "😀", "naïve €\u00a0x", "C:\\n"),
)


@pytest.mark.parametrize("text", SHOWN)
def test_what_does_something_is_shown(text: str) -> None:
    assert terminal.show_line(text) == SHOWN[text]


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_stays(text: str) -> None:
    assert terminal.show_line(text) == terminal.show_lines(text) == text


def test_every_character() -> None:
    """No control, format, surrogate, private or unassigned character, no separator; every letter, mark and sign."""
    for code in range(0x110000):
        char = chr(code)
        kind = unicodedata.category(char)
        if kind in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
            assert not terminal.is_safe(char), hex(code)
        elif kind[0] in "NPS":
            assert terminal.is_safe(char), hex(code)


@given(st.text(st.characters() | st.sampled_from(ALL), max_size=60))
def test_laws(text: str) -> None:
    one, several = terminal.show_line(text), terminal.show_lines(text)
    assert all(map(terminal.is_safe, one))
    assert all(char == "\n" or terminal.is_safe(char) for char in several)
    assert several.count("\n") == text.count("\n")
    assert terminal.show_line(one) == one
    assert terminal.show_lines(several) == several


@given(st.text(st.characters() | st.sampled_from(ALL), max_size=60))
def test_json_says_the_same(text: str) -> None:
    written = terminal.show_json(json.dumps([text], ensure_ascii=False))
    assert json.loads(written) == json.loads(json.dumps([text]))
    assert all(map(terminal.is_safe, written))


def test_a_shell_reads_back_what_was_quoted() -> None:
    words = [
        *TRICKS.values(),
        *BREAKS.values(),
        "",
        "it's",
        "$(reboot) `x` !! \\",
        "a\x1b1\n2\u202e'3\x00".replace("\x00", ""),
    ]
    line = shell.join(["printf", "%s\\0", *words])
    assert all(map(terminal.is_safe, line))
    done = subprocess.run(["bash", "-c", line], capture_output=True, check=True, env={"LC_ALL": "C"})
    assert done.stdout.decode().split("\0")[:-1] == words
