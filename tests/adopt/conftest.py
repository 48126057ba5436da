"""One lab host that judges all adopted units."""

import os
from collections.abc import Iterator

import pytest

from qtctl.interfaces.progress import silent
from qtctl.lab import lab
from qtctl.model.tree import Tree
from tests.machine import own_lab


@pytest.fixture(scope="package")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of this machine's own suite; another one (trixie: systemd 257) by QTCTL_TEST_SUITE."""
    name = f"same{os.getpid() % 100000}"
    with own_lab(tmp_path_factory.mktemp("lab")):
        lab.up([name], Tree(), stands_for="one", progress=silent, suite=os.environ.get("QTCTL_TEST_SUITE"))
        try:
            yield name
        finally:
            lab.down([name])
