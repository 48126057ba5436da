"""Inline marks of Markdown and HTML → the text that a reader sees."""

import re
import unicodedata
from functools import lru_cache
from html import unescape

_IMAGE_OR_LINK = re.compile(r"!?\[([^\[\]]{0,500})\](?:\([^()\s]{0,2000}(?:\s[^()]{0,200})?\)|\[[^\[\]]{0,200}\])")
_TAG = re.compile(r"</?[A-Za-z][A-Za-z0-9-]{0,20}(?:\s[^<>]{0,500})?/?>|<!--[^<>]{0,2000}-->")
_MARKS = re.compile(
    r"(?<![\w/:.-])\*{1,3}(?=\S)|(?<=\S)\*{1,3}(?![\w./])|~~|(?<![^\W_])_{1,3}(?=\S)|(?<=\S)_{1,3}(?![^\W_])|`+"
)
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_BLANKS = re.compile(r"\s+")
_STRONG = re.compile(r"\s*(?:\*\*|__|`)([^*`]{1,120}?)(?:\*\*|__|`)")
QUOTED = 3
"""Code of more words than this is not a name."""
LONGEST = 4000
"""Characters of one line that are looked at."""
_SIGNS = {
    **dict.fromkeys("\u2705\u2714\u2713\u2611\U0001f7e2", "ok"),
    **dict.fromkeys("\u274c\u2717\u2718\u2716\U0001f534", "not ok"),
    **dict.fromkeys("\u26a0\U0001f7e1\U0001f7e0", "warning"),
}
_STAR_IN_CODE = "\ue000"


def clean(text: str) -> str:
    """One line without markup and pictures, with runs of blanks reduced to one."""
    text = text[:LONGEST]
    if text.isascii() and not _has_marks(text):
        return _BLANKS.sub(" ", text).strip()
    kept = re.sub(r"`([^`]*)`", _keep_code, text)
    kept = _TAG.sub(" ", _IMAGE_OR_LINK.sub(r"\1", kept))
    kept = _MARKS.sub("", _ESCAPE.sub(r"\1", kept))
    kept = unescape(kept).replace(_STAR_IN_CODE, "*").replace("\ue001", "_")
    return _BLANKS.sub(" ", drop_pictures(kept)).strip()


def clean_cell(text: str) -> str:
    """As `clean`, but a cell with nothing but a picture of a state has a word for it."""
    cleaned = clean(text)
    return cleaned or next((_SIGNS[char] for char in text[:LONGEST] if char in _SIGNS), "")


def _keep_code(found: re.Match[str]) -> str:
    """A name in code is kept. A command or a quotation says nothing by itself."""
    text = found[1].strip()
    if len(text.split()) >= QUOTED or (" " in text and any(map(str.isdigit, text))):
        return "[code]"
    return text.replace("*", _STAR_IN_CODE).replace("_", "\ue001")


def _has_marks(text: str) -> bool:
    return any(mark in text for mark in "*_`[<&\\~")


def drop_pictures(text: str) -> str:
    """Without emoji and box drawings. Arrows stay: they mean something."""
    return text if text.isascii() else "".join(char for char in text if not _is_picture(char))


def drop_marks(text: str) -> str:
    """As `clean`, but for a line of code: only pictures are dropped."""
    return _BLANKS.sub(" ", drop_pictures(text[:LONGEST])).strip()


def begins_with_picture(text: str) -> bool:
    return bool(text) and _is_picture(text.lstrip()[:1] or " ")


@lru_cache(maxsize=4096)
def _is_picture(char: str) -> bool:
    category = unicodedata.category(char)
    return category in ("So", "Sk", "Cs", "Cf", "Co", "Mn", "Me") and char not in "°^`¨"


def find_strong(text: str) -> str:
    """The bold or code text at the beginning of a line; '' if there is none."""
    found = _STRONG.match(drop_pictures(text[:LONGEST]))
    return clean(found[1]) if found else ""
