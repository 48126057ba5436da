"""The hosts, booted once for all tests of logs."""

from collections.abc import Iterator

import pytest

from tests.logs.ground import Ground, boot
from tests.machine import own_lab


@pytest.fixture(scope="package")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("logs")
    with own_lab(folder / ".lab"), boot(folder) as ground:
        yield ground
