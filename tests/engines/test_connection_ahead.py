"""A connection that is begun before it is asked for."""

import pytest

from qtctl.engines.connection_ahead import ConnectionAhead
from qtctl.errors import Unreachable
from qtctl.model.route import Route

LOCAL = Route("local", None)
NOWHERE = Route("127.0.0.1", "nobody", port=1)


def test_the_first_is_the_one_that_was_begun_and_each_later_one_is_new() -> None:
    with ConnectionAhead(LOCAL) as connector:
        borrowed = connector.borrow()
        first, second = connector(), connector()
    assert borrowed.user == first.user == second.user
    assert first is not second


def test_its_error_is_met_where_it_is_asked_for_and_nowhere_else() -> None:
    with ConnectionAhead(NOWHERE):
        pass
    with ConnectionAhead(NOWHERE) as connector, pytest.raises(Unreachable):
        connector()
