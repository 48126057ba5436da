"""The line of a TOML node."""

import tomllib
from typing import Any

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from qtctl.dialects.toml.positions import find_line, find_written_line, map_lines

TEXT = '''\
# a comment
name = "x"   # not = a key

[a.b]
list = [
  1,   # two lines
  2,
]
text = """
[not.a.header]
k = 1
"""
inline = { x = 1, y = { z = 2 } }

[["quoted.key".c]]
d.e = 1
'''

LINES = [
    (("name",), 2),
    (("a",), 4),
    (("a", "b", "list"), 5),
    (("a", "b", "text"), 9),
    (("a", "b", "inline", "y", "z"), 13),
    (("quoted.key", "c", "d", "e"), 16),
    (("a", "b", "missing"), 4),
]


@pytest.mark.parametrize(("path", "line"), LINES)
def test_line_of(path: tuple[str, ...], line: int) -> None:
    assert find_line(TEXT, path) == line


def test_a_path_written_with_dots() -> None:
    assert find_written_line(TEXT, "quoted.key.c.d.e") == 16
    assert find_written_line(TEXT, "a.b.missing") == 4


def test_nothing_is_nowhere() -> None:
    assert find_line(TEXT, ("zzz",)) is None


KEYS = st.text(min_size=1, max_size=8)
DOCUMENTS: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    KEYS,
    st.recursive(
        st.integers(-9, 9) | st.text(max_size=20) | st.lists(st.integers(0, 9), max_size=3),
        lambda inner: st.dictionaries(KEYS, inner, min_size=1, max_size=4),
        max_leaves=8,
    ),
    max_size=4,
)


@given(DOCUMENTS, st.booleans())
def test_every_key_of_any_document_is_found(document: dict[str, Any], multiline: bool) -> None:
    text = tomli_w.dumps(document, multiline_strings=multiline)
    found = map_lines(text)
    assert set(found) == set(_paths(tomllib.loads(text)))
    assert all(1 <= line <= text.count("\n") + 1 for line in found.values())


def _paths(value: Any, prefix: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(value, dict):
        return []
    return [path for key, item in value.items() for path in ((*prefix, key), *_paths(item, (*prefix, key)))]
