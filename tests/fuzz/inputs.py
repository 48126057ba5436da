"""Inputs for hypothesis: texts made of a target's tokens, and its seeds with something done to them."""

from collections.abc import Sequence

from hypothesis import strategies as st

from tests.fuzz.target import MAX_INPUT, Target

EDITS = 4


def inputs(target: Target) -> st.SearchStrategy[bytes]:
    pieces = st.sampled_from(_tokens(target)) | st.text(max_size=6).map(_encoded) | st.binary(max_size=4)
    soups = st.lists(pieces, max_size=20).map(b"".join)
    seeds = sorted(target.seeds(), key=len)
    return st.one_of(soups, _edited(st.sampled_from(seeds), pieces), _edited(soups, st.sampled_from(seeds)))


def _tokens(target: Target) -> Sequence[bytes]:
    return [_encoded(token) for token in target.tokens]


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


@st.composite
def _edited(draw: st.DrawFn, texts: st.SearchStrategy[bytes], pieces: st.SearchStrategy[bytes]) -> bytes:
    """A text with a few parts cut out, doubled, or replaced by a piece."""
    text = draw(texts)
    for _ in range(draw(st.integers(0, EDITS))):
        begin = draw(st.integers(0, len(text)))
        end = min(len(text), begin + draw(st.integers(0, 12) | st.integers(0, len(text))))
        times = draw(st.sampled_from((0, 0, 0, 1, 2, 40)))
        text = (text[:begin] + draw(pieces) + text[begin:end] * times + text[end:])[:MAX_INPUT]
    return text
