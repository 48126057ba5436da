"""Words that a legacy record replaces: a host in a URL, the beginning of a path, nothing that only looks like one."""

import pytest

from qtctl.model.registry import Legacy
from qtctl.parity.record import ServiceRules, read_rules


def rules() -> ServiceRules:
    own = {
        "is": "mapped",
        "to": ["api"],
        "why": "w",
        "replaced": {"/app/models": "/data"},
        "accepted": {"command": "own"},
    }
    legacy = Legacy.model_validate({
        "compose": "f.yml", "address": "127.0.0.1", "replaced": {"/app": "/srv/x", "old:8005": "127.0.0.1:8003"},
        "accepted": {"command": "all", "logging": "all", "deploy.resources.reservations": "all"},
        "renamed": {"A": "B"}, "services": {"api": own},
    })  # fmt: skip
    return read_rules(legacy, frozenset({"api", "redis", "ceo-brain"}), "api", legacy.services["api"])


@pytest.mark.parametrize(
    ("value", "now", "by"),
    [
        ("redis", "127.0.0.1", ("address",)),
        ("redis:6379", "127.0.0.1:6379", ("address",)),
        ("redis://redis:6379/0", "redis://127.0.0.1:6379/0", ("address",)),
        ("redis://user:pass@redis", "redis://user:pass@127.0.0.1", ("address",)),
        ("http://ceo-brain:8010/x", "http://127.0.0.1:8010/x", ("address",)),
        ("http://ceo-brain-2:8010", "http://ceo-brain-2:8010", ()),
        ("redis-cache", "redis-cache", ()),
        ("/app", "/srv/x", ("replaced./app",)),
        ("/app/logs", "/srv/x/logs", ("replaced./app",)),
        ("/app/models/a", "/data/a", ("services.api.replaced./app/models",)),
        ("/application", "/application", ()),
        ("/my/app", "/my/app", ()),
        ("/app:/app/logs", "/srv/x:/srv/x/logs", ("replaced./app",)),
        ("http://old:8005/", "http://127.0.0.1:8003/", ("replaced.old:8005",)),
        ("/srv/old:8005", "/srv/old:8005", ()),
        ("use redis", "use redis", ()),
    ],
)
def test_words_of_their_own_are_replaced(value: str, now: str, by: tuple[str, ...]) -> None:
    found = rules().replace(value)
    assert (found.value, found.rules) == (now, by)


@pytest.mark.parametrize(
    ("items", "rule"),
    [
        (("command",), "services.api.accepted.command"),
        (("logging.options.max-size",), "accepted.logging"),
        (("logging",), "accepted.logging"),
        (("loggings",), ""),
        (("deploy.resources.reservations.memory",), "accepted.deploy.resources.reservations"),
        (("deploy.resources.limits.memory", "mem_limit"), ""),
        (("entrypoint", "command"), "services.api.accepted.command"),
    ],
)
def test_an_item_is_accepted_by_its_name_or_by_what_it_is_a_part_of(items: tuple[str, ...], rule: str) -> None:
    found = rules().accept(items)
    assert (found.rule if found else "") == rule
