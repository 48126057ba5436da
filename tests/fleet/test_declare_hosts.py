"""What several hosts must have, before any is asked: hosts that are alike are rendered once."""

import pytest

from qtctl.adapters.templates import load_unit_templates
from qtctl.api import rollout
from qtctl.api.registry import LoadedRegistry
from qtctl.flows.declare import render_files, resolve_host
from qtctl.registry.load import load
from tests.builders.registry import write_host
from tests.registry.test_tags import build

ALIKE = "\n".join(write_host(f"h{number}", f"192.0.2.{number}") for number in range(1, 6))
OTHER = write_host("h6", "192.0.2.6").replace("cpus = 2", "cpus = 4")
TARGETS = tuple(f"h{number}" for number in range(1, 7))


def test_each_host_is_declared_as_if_it_were_the_only_one(monkeypatch: pytest.MonkeyPatch) -> None:
    files = build("[]", more={"hosts.toml": f"{ALIKE}\n{OTHER}"})
    registry = LoadedRegistry(load(files), files)
    rendered = []

    def render(begun: object, texts: object) -> object:
        done = render_files(begun, texts)  # type: ignore[arg-type]
        rendered.append(done.desired.host)
        return done

    monkeypatch.setattr(rollout, "render_files", render)
    found = rollout.declare_hosts(registry, TARGETS)
    assert rendered == ["h1", "h6"]
    texts = load_unit_templates(None)
    for target in TARGETS:
        alone = render_files(resolve_host(registry.registry, files, target), texts)
        assert found[target].desired == alone.desired, target
