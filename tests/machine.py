"""What this machine can do, and labs of the tests' own."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import pytest

from qtctl.lab.needs import explain_why_not


def cannot_boot() -> str | None:
    """Why hosts cannot be booted here, or None."""
    return explain_why_not()


PYDBUS = "python3-pydbus"
"""The package of Debian and Ubuntu; tests/run installs it."""
DIST_PACKAGES = "/usr/lib/python3/dist-packages"


def need_pydbus() -> None:
    """Load pydbus: the venv's, else that of the distribution, whose folder is looked into for this alone.

    Where it cannot be loaded, the test is skipped with the reason; in CI, it fails.
    """
    sys.path.append(DIST_PACKAGES)
    try:
        import_module("pydbus")
    except (ImportError, ValueError) as error:
        reason = (
            f"no pydbus for {sys.executable}: {error} (apt-get install {PYDBUS}, for the distribution's own Python)"
        )
        if os.environ.get("CI") == "true":
            pytest.fail(f"{reason}, and CI=true does not let that pass")
        pytest.skip(reason)
    finally:
        sys.path.remove(DIST_PACKAGES)


@contextmanager
def own_lab(state: Path) -> Iterator[None]:
    """A lab with a state folder of its own: other hosts of this machine are not seen, and not touched."""
    before = os.environ.get("QTCTL_STATE")
    os.environ["QTCTL_STATE"] = str(state)
    try:
        yield
    finally:
        if before is None:
            del os.environ["QTCTL_STATE"]
        else:
            os.environ["QTCTL_STATE"] = before
