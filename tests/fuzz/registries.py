"""Several files in one input: each begins with a line `--- PATH`, and lies over the small registry of the tests."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from qtctl.adapters.files import read_registry, read_templates
from tests.builders.registry import SMALL

ROOT = Path(__file__).parents[2]
_HEADER = re.compile(rb"^--- ([^\n]*)\n", re.MULTILINE)
FIRST = "services/api.toml"
"""What stands before any header."""


def unpack(data: bytes) -> dict[str, bytes]:
    """The registry that `data` makes of the small one."""
    first, *rest = _HEADER.split(data)
    found = {FIRST: first} if first else {}
    for path, content in zip(rest[::2], rest[1::2], strict=True):
        found[path.decode("utf-8", "replace")] = content
    return {**{path: text.encode() for path, text in SMALL.items()}, **found}


def pack(files: Mapping[str, bytes]) -> bytes:
    return b"".join(b"--- %s\n%s" % (path.encode(), content) for path, content in files.items())


@cache
def templates() -> dict[str, str]:
    return read_templates(None)


def seeds() -> list[bytes]:
    """Each file of both registries alone, and both as a whole."""
    shipped = read_registry(ROOT / "registry")
    small = {path: text.encode() for path, text in SMALL.items()}
    alone = [pack({path: content}) for files in (small, shipped) for path, content in files.items()]
    return [pack(small), *alone]
