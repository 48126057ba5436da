"""The command in this process, as the tests of the command line have it."""

from tests.cli.conftest import run_here

__all__ = ["run_here"]
