"""One deployed host for all tests of this folder that leave it as they found it."""

from collections.abc import Iterator

import pytest

from qtctl.lab import lab
from tests.live.box import Box, qtctl
from tests.machine import own_lab


@pytest.fixture(scope="session")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """lab1, with the shipped registry deployed."""
    with own_lab(tmp_path_factory.mktemp("lab")):
        up = qtctl("lab", "up")
        assert up.code == 0, up.err
        try:
            deployed = qtctl("deploy", "--host", "lab1", "--yes")
            assert deployed.code == 0, deployed.out + deployed.err
            yield Box("lab1")
        finally:
            lab.down(["lab1"])
