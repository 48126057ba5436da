"""QT102: each kind of name that leads nowhere, by its id and place."""

import pytest

from qtctl.errors import InputError, InputErrors
from qtctl.registry.load import load
from tests.builders.registry import edited

CASES = {
    "host": edited("services/feed.toml", 'target = "core"', 'target = "core"\nhosts = ["bax"]'),
    "target": edited("services/api.toml", 'target = "core"', 'target = "cor"'),
    "venv": edited("services/feed.toml", 'venv = "main"', 'venv = "other"'),
    "key": edited("services/feed.toml", '["s:tick"]', '["s:tock"]'),
    "order": edited("services/api.toml", '["feed"]', '["fed"]'),
    "store": edited("stores.toml", 'external = "redis-server"', 'external = "redis-sever"'),
}


def refused(files: dict[str, bytes]) -> tuple[InputError, ...]:
    with pytest.raises(InputErrors) as caught:
        load(files)
    return caught.value.errors


@pytest.mark.parametrize("name", CASES)
def test_a_name_that_leads_nowhere(name: str) -> None:
    errors = refused(CASES[name])
    assert {each.id for each in errors} == {"QT102"}
    assert all(each.place is not None and each.place.line for each in errors)
    assert all("is not declared" in each.what and "QT102" not in each.what for each in errors)
    assert all(str(each).partition(": ")[2].startswith("QT102 ") for each in errors)
