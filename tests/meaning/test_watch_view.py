"""What is watched, and how two views differ."""

from hypothesis import given
from hypothesis import strategies as st

from qtctl.meaning.watch_view import merge_view
from qtctl.model.watch import Kind

KEYS = st.tuples(st.sampled_from(Kind), st.sampled_from("abc"))
VIEWS = st.dictionaries(KEYS, st.sampled_from(["x", "y", "z"]))


@given(VIEWS, VIEWS)
def test_a_change_is_what_was_not_known(view: dict[tuple[Kind, str], str], seen: dict[tuple[Kind, str], str]) -> None:
    merged, changes = merge_view("box", view, seen, 1.0)
    assert merged == {**view, **seen}
    assert {(each.kind, each.subject) for each in changes} == {key for key in seen if view.get(key) != seen[key]}
    assert all(each.before == view.get((each.kind, each.subject), "") for each in changes)
    assert merge_view("box", merged, seen, 2.0) == (merged, ()), "nothing is told twice"
