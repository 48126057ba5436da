"""Inputs: texts made of a target's tokens, and its seeds with something done to them."""

from collections.abc import Callable
from random import Random

from tests.fuzz.target import MAX_INPUT, Target

EDITS = 4
PIECES = 20
LETTERS = ((0, 0x7F), (0, 0x24F), (0x250, 0xD7FF), (0xE000, 0x10FFFF))

Make = Callable[[Random], bytes]


def maker(target: Target) -> Make:
    """An input depends on the target and on the chance that is given, and on nothing else."""
    tokens = [token.encode("utf-8", "surrogateescape") for token in target.tokens]
    seeds = sorted(target.seeds(), key=len)

    def piece(chance: Random) -> bytes:
        return chance.choice((lambda: chance.choice(tokens), lambda: _letters(chance), lambda: _bytes(chance)))()

    def soup(chance: Random) -> bytes:
        return b"".join(piece(chance) for _ in range(chance.randrange(PIECES + 1)))

    def seed(chance: Random) -> bytes:
        return chance.choice(seeds)

    def make(chance: Random) -> bytes:
        text, part, edits = chance.choice(((soup, piece, 0), (seed, piece, EDITS), (soup, seed, EDITS)))
        return _edited(chance, text(chance), part, edits)

    return make


def _letters(chance: Random) -> bytes:
    return "".join(chr(chance.randint(*chance.choice(LETTERS))) for _ in range(chance.randrange(7))).encode()


def _bytes(chance: Random) -> bytes:
    return bytes(chance.randrange(256) for _ in range(chance.randrange(5)))


def _edited(chance: Random, text: bytes, part: Make, edits: int) -> bytes:
    """A text with a few parts cut out, doubled, or replaced by a part of another."""
    for _ in range(chance.randrange(edits + 1)):
        begin = chance.randrange(len(text) + 1)
        end = min(len(text), begin + chance.randrange(chance.choice((12, len(text))) + 1))
        times = chance.choice((0, 0, 0, 1, 2, 40))
        text = (text[:begin] + part(chance) + text[begin:end] * times + text[end:])[:MAX_INPUT]
    return text
