"""Sets of words, written as readable text."""


def split_words(text: str) -> frozenset[str]:
    """The words of a text, separated by spaces."""
    return frozenset(text.split())


DASHES = ("\N{EN DASH}", "\N{EM DASH}")
"""Dashes that people type instead of hyphens."""
