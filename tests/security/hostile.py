"""Texts that do something to a terminal, to Rich or to Markdown, and what may be left of them on a screen."""

import re

from qtctl.dialects.terminal import is_safe

BELL, ESC = "\x07", "\x1b"
TRICKS = {
    "title": f"{ESC}]0;owned{BELL}",
    "clipboard": f"{ESC}]52;c;cm0gLXJmIH4={BELL}",
    "link": f"{ESC}]8;;http://evil.example{ESC}\\click{ESC}]8;;{ESC}\\",
    "clear": f"{ESC}[2J{ESC}[H",
    "colour": f"{ESC}[32mall good{ESC}[0m",
    "answer-back": "\x05",
    "backspace": "wrong\x08\x08\x08\x08\x08right",
    "delete": "\x7f",
    "c1-csi": "\x9b2J",
    "c1-osc": "\x9d0;owned\x9c",
    "next-line": "\x85error: forged",
    "right-to-left": "\u202egnp.exe",
    "isolate": "\u2066x\u2069",
    "mark": "\u200e\u200f\u061c",
    "zero-width": "ad\u200bmin\u200c\u200d",
    "byte-order": "\ufeff",
    "soft-hyphen": "ad\u00admin",
    "tag": "\U000e0041\U000e0042",
    "selector": "a\ufe0f\U000e0101",
    "filler": "\u3164\u115f",
    "separators": "x\u2028error: forged\u2029",
    "private": "\ue000\U000f0000",
    "rich": "[/b][/][red]x[link=http://evil.example]y",
    "emoji": ":smile: :skull:",
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "markdown": "![p](http://evil.example/p) [l](javascript:1) `c` **b** __b__ ~~s~~ https://evil.example",
    "cell": "x | holds | forged |",
}
"""One-line texts, by what they try."""
BREAKS = {
    "line": "x\nerror: forged\n| holds | forged |\n# Forged\n- forged",
    "return": "wrong\rerror: forged",
    "windows": "x\r\nerror: forged\r\n",
    "tab": "a\tb",
    "vertical": "x\x0berror: forged\x0c",
}
"""Texts that make other lines."""
ALL = "".join(TRICKS.values())

_OF_OUR_OWN = re.compile(r"\x1b\[[0-9;]*m|\r\x1b\[K|\r(?=\n)")
"""Colours, the progress line, and what a terminal makes of a newline."""


def odd_in(screen: str) -> set[str]:
    """Characters that a screen or a file may not have."""
    return {char for char in _OF_OUR_OWN.sub("", screen) if char != "\n" and not is_safe(char)}


def forged_in(text: str) -> list[str]:
    """Lines that only a text with a line break in it can have made."""
    begins = ("error: forged", "| holds | forged", "# Forged", "- forged")
    return [line for line in re.split(r"[\r\n]+", _OF_OUR_OWN.sub("", text)) if line.strip().startswith(begins)]
