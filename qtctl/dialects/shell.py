"""Words of a command that a person pastes into a shell: pasting runs that command and nothing else.

A terminal takes pasted control characters as keys, even inside quotes: what follows a line break would be run. So a
word with such characters is written as `$'…'`, which bash, zsh, ksh and busybox read, and POSIX since 2024.
"""

import shlex
from collections.abc import Iterable
from functools import lru_cache

from qtctl.dialects.terminal import show_line

_PLAIN = frozenset(b'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _-+=.,:;/@%^~()[]{}<>|&*?#$"`')
"""Bytes that mean themselves inside `$'…'`. Not `!`: shells with a history may expand it anywhere."""


@lru_cache(4096)
def quote(word: str) -> str:
    """The word as a shell reads it back, using only printable characters."""
    if show_line(word) == word:
        return shlex.quote(word)
    return f"$'{''.join(map(_format_byte, _encode(word)))}'"


def join(words: Iterable[str]) -> str:
    return " ".join(quote(word) for word in words)


def _encode(word: str) -> bytes:
    """As Python passes it to the system: surrogate escapes become the original bytes."""
    try:
        return word.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return word.encode("utf-8", "surrogatepass")


def _format_byte(byte: int) -> str:
    """Three octal digits: a hexadecimal escape would swallow digits that follow."""
    return chr(byte) if byte in _PLAIN else f"\\{byte:03o}"
