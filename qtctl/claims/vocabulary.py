"""Sets of words, as text that a person reads."""


def split_words(text: str) -> frozenset[str]:
    """The words of a text, separated by blanks."""
    return frozenset(text.split())


DASHES = ("\N{EN DASH}", "\N{EM DASH}")
"""As people type them beside hyphens."""
