"""Whose lines are meant by a name."""

import pytest

from qtctl.errors import InputError
from qtctl.meaning.log_units import choose_units
from qtctl.model.desired import Desired
from qtctl.registry.load import load
from qtctl.resolve.resolve import resolve
from tests.builders.registry import SMALL, write_host

API, FEED = {"small-api.service": "api"}, {"small-feed.service": "feed"}
CORE = {"small-core.target": "core"}
REDIS = {"redis-server.service": "redis-server", "redis.service": "redis-server"}
FILES = {
    **SMALL,
    "hosts.toml": write_host("box", extra='tags = ["web"]\n') + write_host("spare", extra='tags = ["spare"]\n'),
    "services/api.toml": f'hosts = ["box"]\n{SMALL["services/api.toml"]}',
    "services/feed.toml": f'hosts = ["@web", "spare"]\n{SMALL["services/feed.toml"]}',
}


@pytest.fixture(scope="module")
def hosts() -> tuple[Desired, ...]:
    registry = load({path: text.encode() for path, text in FILES.items()})
    return tuple(resolve(registry, name) for name in ("box", "spare"))


@pytest.mark.parametrize(
    ("wanted", "units"),
    [
        ((), {"box": API | FEED, "spare": FEED}),
        (("api",), {"box": API}),
        (("small-feed.service",), {"box": FEED, "spare": FEED}),
        (("api", "feed", "api"), {"box": API | FEED, "spare": FEED}),
        (("@web",), {"box": API | FEED}),
        (("@spare", "api"), {"box": API, "spare": FEED}),
        (("core",), {"box": CORE | API | FEED, "spare": CORE | FEED}),
        (("redis-server",), {"box": REDIS, "spare": REDIS}),
    ],
)
def test_what_a_name_means(
    hosts: tuple[Desired, ...], wanted: tuple[str, ...], units: dict[str, dict[str, str]]
) -> None:
    assert choose_units(hosts, wanted) == units


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        ("apo", "apo: no service, target or unit of that name is declared for any of the 2 hosts"),
        ("@wb", "@wb: no service, target or unit of that name is declared for any of the 2 hosts"),
        ("", ": no service"),
    ],
)
def test_what_means_nothing(hosts: tuple[Desired, ...], wanted: str, error: str) -> None:
    with pytest.raises(InputError) as caught:
        choose_units(hosts, ("api", wanted))
    assert caught.value.what.startswith(error)
    assert caught.value.hint in ("did you mean api?", "did you mean @web?", "`qtctl list` shows what is declared")
