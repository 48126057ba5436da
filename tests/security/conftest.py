"""The operator's folder, as for the tests of the command line."""

from tests.cli.conftest import pattern, world

__all__ = ["pattern", "world"]
