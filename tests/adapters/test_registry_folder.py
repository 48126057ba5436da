"""Folders that are no registry, or that the account may not read."""

import os
import tempfile
from pathlib import Path

import pytest

from qtctl.adapters.files import read_registry
from qtctl.errors import InputError


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
@pytest.mark.parametrize("mode", [0o700, 0o744, 0o711], ids=oct)
def test_a_registry_that_another_account_keeps_to_itself(mode: int) -> None:
    with tempfile.TemporaryDirectory() as above:
        Path(above).chmod(0o755)
        folder = Path(above, "registry")
        folder.mkdir()
        (folder / "fleet.toml").touch(mode=0o600)
        folder.chmod(mode)
        os.seteuid(65534)
        try:
            with pytest.raises(InputError, match="cannot be read: Permission denied"):
                read_registry(folder)
        finally:
            os.seteuid(0)
