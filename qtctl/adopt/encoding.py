"""Bytes of a unit file in any encoding → text, and what systemd would make of it."""

import codecs
from dataclasses import dataclass

from qtctl.dialects.systemd.splitting import UNSAYABLE

NOT_LOADED = "systemd does not load the file"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_REPLACED = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True, slots=True)
class Decoded:
    """`trouble` is '' for text that systemd reads as it is; `harmless`: systemd reads the text despite the trouble."""

    text: str
    trouble: str = ""
    harmless: bool = False


def decode(raw: bytes) -> Decoded:
    """The text as its author sees it. Bytes of a line that systemd cannot read at all become U+FFFD."""
    if raw.startswith(_UTF16):
        return Decoded(_clean(raw.decode("utf-16", "replace")), f"is UTF-16 text: {NOT_LOADED}")
    if b"\0" in raw:
        return Decoded(_clean(raw.decode("utf-8", "replace")), f"holds a NUL character: {NOT_LOADED}")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return Decoded(_clean(raw.decode("cp1252", "replace")), f"is not UTF-8 text (read as Latin-1): {NOT_LOADED}")
    clean = _clean(text)
    if clean != text:
        return Decoded(clean, f"holds a character that systemd does not accept as UTF-8: {NOT_LOADED}")
    return _join_ends(text)


def _join_ends(text: str) -> Decoded:
    said = []
    if text.startswith("\ufeff"):
        said.append("begins with a byte order mark")
    if "\r" in text:
        said.append("has lines that end with a carriage return")
    return Decoded(text, f"{' and '.join(said)}: systemd reads it all the same" if said else "", harmless=True)


def _clean(text: str) -> str:
    while (reason := UNSAYABLE.search(text)) is not None:
        text = text.replace(reason[0], _REPLACED)
    return text
