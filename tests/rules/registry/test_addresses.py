"""QT101: two that claim one address and port, and what claims nothing."""

import pytest

from qtctl.registry.load import load
from qtctl.rules.registry.addresses import check_collisions
from tests.builders.registry import edited

FREE = "127.0.0.1:8999"


def found(listen: str, state: str = "running") -> list[tuple[str, str]]:
    """Problems where feed listens, beside api on 127.0.0.1:8000: id and words."""
    registry = load(edited("services/feed.toml", "[streams]", f'[ports.x]\nlisten = "{FREE}"\n\n[streams]'))
    feed = registry.services["feed"]
    port = feed.ports["x"].model_copy(update={"listen": listen})
    registry.services["feed"] = feed.model_copy(update={"ports": {"x": port}, "state": state})
    return [(each.id, each.what) for each in check_collisions(registry)]


@pytest.mark.parametrize("listen", ["127.0.0.1:8000", "0.0.0.0:8000", "[::]:8000"])
def test_the_same_port(listen: str) -> None:
    assert found(listen) == [("QT101", f"{listen} is claimed by api too")]


@pytest.mark.parametrize("listen", [FREE, "192.0.2.1:8000"])
def test_another_address_or_port(listen: str) -> None:
    assert found(listen) == []


def test_a_retired_service_claims_nothing() -> None:
    assert found("127.0.0.1:8000", "retired") == []
