"""qtctl init: the commands that it suggests are typed where it was run."""

from pathlib import Path

import pytest

from tests.cli.world import qtctl


@pytest.mark.parametrize(("folder", "where"), [("registry", ""), ("my shop", " --registry 'my shop'")])
def test_it_suggests_commands_that_find_the_registry(tmp_path: Path, folder: str, where: str) -> None:
    argv = ("init", folder, "--name", "shop", "--host", "web-1", "--address", "192.0.2.10")
    ran = qtctl(tmp_path, *argv)
    assert ran.code == 0
    commands = (ran.out + ran.err).partition("next:\n")[2].splitlines()
    assert commands[0] == f"  qtctl lint{where}"
    assert [line.endswith(where) for line in commands] == [True] * 5
