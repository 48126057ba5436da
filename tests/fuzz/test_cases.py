"""Every input that once broke a law, and every seed."""

from pathlib import Path

import pytest

from tests.fuzz.target import CASES, Target
from tests.fuzz.targets import TARGETS

KEPT = [
    pytest.param(target, path, id=f"{name}: {path.name}") for name, target in TARGETS.items() for path in target.cases()
]


@pytest.mark.parametrize(("target", "path"), KEPT)
def test_what_once_broke(target: Target, path: Path) -> None:
    target.run(path.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_seeds(name: str) -> None:
    for seed in TARGETS[name].seeds():
        TARGETS[name].run(seed)


def test_every_case_has_a_target() -> None:
    assert {path.name for path in CASES.iterdir()} <= set(TARGETS)
