"""Three lab hosts, booted once for all rollouts of the normal run."""

from collections.abc import Iterator

import pytest

from qtctl.lab import lab
from tests.machine import own_lab
from tests.rollouts.ground import GOOD, Ground, boot

NAMES = ("roll1", "roll2", "roll3")


@pytest.fixture(scope="package")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("rollouts")
    with own_lab(folder / ".lab"):
        boot(NAMES)
        ground = Ground(folder, NAMES)
        try:
            ground.release(GOOD, number=1)
            first = ground.deploy("--batch", "100%")
            assert first.code == 0, first.ran.err
            yield ground
        finally:
            lab.down(list(NAMES))
