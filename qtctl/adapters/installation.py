"""Which code is running: distinguishes installations that could give different results."""

import hashlib
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import qtctl

PACKAGE = Path(qtctl.__file__).parent


def make_fingerprint(package: Path = PACKAGE, path: Sequence[str] | None = None) -> str:
    """A digest of every file of the package, the interpreter, and the distributions installed on `sys.path`.

    Files count by path, size and time of change, as Python itself decides whether bytecode is out of date.
    """
    found = hashlib.sha256(sys.version.encode())
    for line in (*_list_files(str(package)), *_list_distributions(sys.path if path is None else path)):
        found.update(line.encode() + b"\0")
    return found.hexdigest()


def _list_files(folder: str) -> Iterator[str]:
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _list_files(entry.path)
            continue
        status = entry.stat()
        yield f"{entry.path} {status.st_size} {status.st_mtime_ns}"


def _list_distributions(path: Sequence[str]) -> Iterator[str]:
    """The names of their folders contain name and version."""
    for folder in path:
        with suppress(OSError):
            names = [entry.name for entry in os.scandir(folder)]
            yield from sorted(name for name in names if name.endswith((".dist-info", ".egg-info")))
