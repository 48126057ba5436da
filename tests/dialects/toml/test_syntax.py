"""What is no TOML is told in an operator's words, at the line to change, and without any value of it."""

import pytest

from qtctl.dialects.toml.read import read
from qtctl.errors import InputError

CASES = {
    "state = running": (1, "a string without quotes"),
    "x = [\n'a',\n'b'\n]\ny = yes\n": (5, "a string without quotes"),
    "a = /srv/x": (1, "a string without quotes"),
    "a = .5": (1, "a value that TOML does not know"),
    'a = "x': (1, "a string does not end"),
    'a = "x\nb = 1': (1, "a string does not end on its line"),
    "a = 'x": (1, "a string does not end"),
    'a = """x': (1, "a string does not end"),
    'a = ["x"\nb = 3\n': (1, "a list does not end"),
    'a = [\n "x",\n "y"\n\nb = 3\n': (1, "a list does not end"),
    "z = 1\na=[1,2\n\n[b]\nc=1": (2, "a list does not end"),
    "a = [\n": (1, "a list does not end"),
    'a = ["x" "y"]': (1, "items of a list without a comma"),
    "a =": (1, "a key without a value"),
    "a = # no": (1, "a key without a value"),
    "a = 1 b": (1, "something follows the value"),
    "[x": (1, "the name of a table does not end with ]"),
    "a 3": (1, "a key without = and a value"),
    "a = 1\na = 2": (2, "the key is given twice"),
    "[x]\n[x]": (2, "the table is given twice"),
    "= 3": (1, "neither a key nor a table"),
    'a = "\\q"': (1, "a backslash that does not begin an escape"),
    "a = { b = 1": (1, "{ does not end on its line"),
    "a = { b = 1, b = 2 }": (1, "a key is given twice in { }"),
}


@pytest.mark.parametrize("text", CASES)
def test_a_mistake(text: str) -> None:
    with pytest.raises(InputError) as wrong:
        read(text.encode(), "x.toml")
    line, what = CASES[text]
    assert wrong.value.place is not None
    assert (wrong.value.place.line, wrong.value.what) == (line, f"not TOML: {what}")
    assert wrong.value.hint not in ("", "fix the syntax")


@pytest.mark.parametrize("text", ["a = hunter2hunter", 'a = "hunter2hunter', 'a = ["hunter2hunter" "b"]',
                                  'a = "hunter2hunter" x', "hunter2hunter"])  # fmt: skip
def test_no_value_is_shown(text: str) -> None:
    with pytest.raises(InputError) as wrong:
        read(text.encode(), "x.toml")
    assert "hunter2" not in str(wrong.value)


def test_a_long_list_is_looked_through_in_time() -> None:
    with pytest.raises(InputError):
        read(("a = [\n" + '"x",\n' * 200_000 + "b = 1\n").encode(), "x.toml")
