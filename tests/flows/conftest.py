"""The lab host of deploys: booted once for all tests of flows that need it."""

from collections.abc import Iterator

import pytest

from qtctl.lab import lab
from qtctl.model.tree import Account, Tree
from tests.flows.ground import NAME, THREE, Ground, fleet, quiet


@pytest.fixture(scope="package")
def booted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    tree = Tree(
        accounts=(
            Account("qt", "qt", "/home/qt"),
            Account("ops", "ops", "/home/ops", login=True, sudo=True),
            Account("plain", "plain", "/home/plain", login=True),
        )
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QTCTL_STATE", str(tmp_path_factory.mktemp("lab")))
        lab.up([NAME], tree, stands_for="h1", progress=quiet)
        try:
            yield Ground()
        finally:
            lab.down([NAME])


@pytest.fixture
def ground(booted: Ground) -> Ground:
    """A host on which THREE run, whatever the last test did to it."""
    booted.deploy(fleet(THREE), take_over=True)
    return booted
