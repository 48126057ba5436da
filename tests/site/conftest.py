"""The site is built once for all tests that look at it."""

from pathlib import Path

import pytest

from tests.site.build import build_site


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of version 1.1.0."""
    return build_site(tmp_path_factory.mktemp("site").resolve(), "1.1.0")
