"""Words of a command that a person pastes into a shell: pasting runs that command and nothing else.

A terminal takes control characters of what is pasted as keys, also inside quotes: a line break runs what stands there.
So a word with such characters is written as `$'…'`, which bash, zsh, ksh and busybox read, and POSIX since 2024.
"""

import shlex
from collections.abc import Iterable
from functools import lru_cache

from qtctl.dialects.terminal import show_line

_PLAIN = frozenset(b'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _-+=.,:;/@%^~()[]{}<>|&*?#$"`')
"""Bytes that mean themselves inside `$'…'`. Not `!`: shells that keep a history look for it where they like."""


@lru_cache(4096)
def quote(word: str) -> str:
    """The word as a shell reads it back, in characters that a terminal only shows."""
    if show_line(word) == word:
        return shlex.quote(word)
    return f"$'{''.join(map(_format_byte, _encode(word)))}'"


def join(words: Iterable[str]) -> str:
    return " ".join(quote(word) for word in words)


def _encode(word: str) -> bytes:
    """As Python gives it to the system: bytes that were no UTF-8 are those bytes again."""
    try:
        return word.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return word.encode("utf-8", "surrogatepass")


def _format_byte(byte: int) -> str:
    """In octal, always of three digits: hexadecimal ones would go on where digits follow."""
    return chr(byte) if byte in _PLAIN else f"\\{byte:03o}"
