"""Splits a command as Compose does: quotes and backslashes count, nothing is expanded.

It stops at the first `;`, `&`, `|`, `<` or `>` outside quotes, because Compose's splitter drops the rest.
"""

from typing import Final

_BLANK: Final = " \t\r\n"
_END: Final = ";&|<>"
_QUOTES: Final = "'\""
_ESCAPES: Final = {"t": "\t", "n": "\n"}


def split(text: str) -> tuple[tuple[str, ...], str] | None:
    """Words, and what Compose drops. None if Compose refuses the text: an unmatched quote or bracket."""
    splitter = _Splitter()
    for at, char in enumerate(text):
        if splitter.ends(char):
            return splitter.get_result(text[at:])
        if not splitter.take(char):
            return None
    return splitter.get_result("")


class _Splitter:
    def __init__(self) -> None:
        self.words: list[tuple[str, ...]] = []
        self.word: list[str] = []
        self.begun = self.escaped = False
        self.open: set[str] = set()
        """Quotes, backticks and `$(` that are still open."""

    def ends(self, char: str) -> bool:
        if char not in _END or self.escaped or self.open:
            return False
        if char == ">" and self.word and self.word[0] in "0123456789":
            self.begun = False
        return True

    def take(self, char: str) -> bool:
        """False if Compose refuses the text."""
        if self.escaped:
            self.escaped = False
            self.add(_ESCAPES.get(char, char))
        elif char == "\\" and "'" not in self.open:
            self.escaped = True
        elif char in _BLANK and not self.open:
            self.finish_word()
        elif char in _QUOTES and not self.open & {*_QUOTES, "("} - {char}:
            self.begun = self.begun or char in self.open
            self.open ^= {char}
        else:
            return self.take_bracket(char)
        return True

    def take_bracket(self, char: str) -> bool:
        if char == "`" and not self.open - {"`"}:
            self.open ^= {"`"}
        elif char == ")" and not self.open - {"("}:
            self.open ^= {"("}
        elif char == "(" and not self.open - {"("}:
            if self.open or self.word[-1:] != ["$"]:
                return False
            self.open = {"("}
        self.add(char)
        return True

    def add(self, char: str) -> None:
        self.begun = True
        self.word.append(char)

    def finish_word(self) -> None:
        if self.begun:
            self.words.append(tuple(self.word))
        self.word, self.begun = [], False

    def get_result(self, rest: str) -> tuple[tuple[str, ...], str] | None:
        if self.escaped or self.open:
            return None
        self.finish_word()
        return tuple("".join(word) for word in self.words), rest
