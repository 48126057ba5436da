"""The operator's folder, and the command run in this process, as for the tests of the command line."""

from tests.cli.conftest import RunHere, pattern, run_here, world

__all__ = ["RunHere", "pattern", "run_here", "world"]
