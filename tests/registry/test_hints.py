"""What an error of the registry suggests, where letters alone do not lead to it."""

import pytest

from qtctl.errors import InputError, InputErrors
from qtctl.registry.load import load
from tests.builders.registry import edited, write_redis

API = "services/api.toml"
CASES = {
    "a table below another": (
        ("[ports.http]", "[run.limits]\nnofile = 1024\n[ports.http]"),
        "unknown key run.limits (did you mean [limits]?)",
    ),
    "a table whose name is nearly a key of the other": (
        ("[ports.http]", '[run.env]\nA = "b"\n[ports.http]'),
        "unknown key run.env (did you mean [env]?)",
    ),
    "what others call it": (
        ("[ports.http]", '[environment]\nA = "b"\n[ports.http]'),
        "unknown key environment (did you mean env?)",
    ),
    "a table without a name": (
        ("[ports.http]\nlisten", "[ports]\nlisten"),
        "ports has tables by name, such as [ports.NAME]",
    ),
    "the whole name of a unit": (
        ('target = "core"', 'target = "small-core.target"'),
        "target small-core.target is not declared (did you mean core?)",
    ),
    "two names in one text": (
        ('after = ["feed"]', 'after = ["feed core"]'),
        'feed core is not declared (write each in quotes of its own: "feed", "core")',
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_hint_is_what_was_meant(name: str) -> None:
    (old, new), said = CASES[name]
    with pytest.raises((InputError, InputErrors)) as wrong:
        load(edited(API, old, new))
    assert said in str(wrong.value)


def test_half_of_an_alias_leads_to_the_whole_one() -> None:
    files = edited(API, 'after = ["feed"]', 'after = ["redis"]')
    with pytest.raises(InputError, match=r"redis is not declared \(did you mean redis.service\?\)"):
        load(files | {"externals.toml": write_redis('["redis.service"]').encode()})
