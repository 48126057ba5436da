"""The words for the rest of a list, and that no other module has its own."""

import re
from pathlib import Path

import pytest

import qtctl
from qtctl.dialects.wording import add_more, add_more_aside, count_more, join_some

_OWN_WORDS = re.compile(r"and \{[^}]*\} more")


@pytest.mark.parametrize(
    ("most", "text"), [(1, "a and 2 more"), (2, "a, b and 1 more"), (3, "a, b, c"), (4, "a, b, c")]
)
def test_names_are_joined_and_the_rest_is_counted(most: int, text: str) -> None:
    assert join_some(("a", "b", "c"), most) == text


def test_nothing_is_added_if_nothing_is_left_out() -> None:
    assert (join_some((), 3), add_more(0), add_more_aside(-1)) == ("", "", "")
    assert (add_more(4), add_more_aside(4), count_more(4)) == (" and 4 more", " (and 4 more)", "and 4 more")


def test_no_other_module_words_it_itself() -> None:
    package = Path(qtctl.__file__).parent
    found = [path.relative_to(package) for path in package.rglob("*.py") if _OWN_WORDS.search(path.read_text("utf-8"))]
    assert [str(path) for path in found] == ["dialects/wording.py"]
