"""What this machine can do, and labs of the tests' own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from qtctl.lab.needs import why_not


def cannot_boot() -> str | None:
    """Why hosts cannot be booted here, or None."""
    return why_not()


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
