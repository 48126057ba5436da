"""Three hosts with services that depend on each other, deployed once for all tests of control."""

from collections.abc import Iterator

import pytest

from tests.control.ground import NAMES, Ground, boot
from tests.machine import own_lab


@pytest.fixture(scope="package")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("control")
    with own_lab(folder / ".lab"), boot(folder) as ground:
        assert ground.names == NAMES
        yield ground
