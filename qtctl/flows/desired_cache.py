"""What a host must have, as bytes that are kept: to load, resolve and render takes longer than to ask a host.

They are found again by a digest of all that they are made of, so that a change of any of it finds nothing.
"""

import hashlib
import pickle
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from io import BytesIO
from typing import Any

from qtctl.model.desired import Desired

MODULES = (
    "qtctl.model.desired", "qtctl.model.desired_accounts", "qtctl.model.desired_unit", "qtctl.model.origin",
    "qtctl.model.states",
)  # fmt: skip
"""Where the classes are that a `Desired` is made of. Reading makes objects of no other."""
_SEAL = hashlib.sha256().digest_size


class CorruptCache(ValueError):
    """Bytes that `pack` did not write."""


@dataclass(frozen=True, slots=True)
class Sources:
    """All that a `Desired` is made of, but for the code that does it."""

    files: Mapping[str, bytes]
    templates: Mapping[str, str]
    target: str
    as_name: str | None

    def digest(self, made_by: str) -> str:
        """Hexadecimal. `made_by` tells one version of the code from another."""
        found = hashlib.sha256()
        for part in self._parts(made_by):
            found.update(len(part).to_bytes(8, "big") + part)
        return found.hexdigest()

    def _parts(self, made_by: str) -> Iterator[bytes]:
        yield made_by.encode()
        yield self.target.encode()
        yield b"" if self.as_name is None else b"=" + self.as_name.encode()
        for folder in (self.files, {name: text.encode() for name, text in self.templates.items()}):
            yield len(folder).to_bytes(8, "big")
            for name in sorted(folder):
                yield name.encode()
                yield folder[name]


def pack(desired: Desired) -> bytes:
    body = BytesIO()
    _Writer(body, pickle.HIGHEST_PROTOCOL).dump(desired)
    return hashlib.sha256(body.getvalue()).digest() + body.getvalue()


def unpack(content: bytes) -> Desired:
    """CorruptCache for anything but what `pack` gives."""
    seal, body = content[:_SEAL], content[_SEAL:]
    if hashlib.sha256(body).digest() != seal:
        raise CorruptCache("its digest is another")
    try:
        found = _Reader(BytesIO(body)).load()
    except Exception as error:  # whatever an unpickler makes of bytes that are sealed and none of ours
        raise CorruptCache(str(error)) from error
    if not isinstance(found, Desired):
        raise CorruptCache("not what a host must have")
    return found


class _Writer(pickle.Pickler):
    def reducer_override(self, obj: object) -> Any:  # noqa: ANN401 - as its base
        """Choices by their values: Python 3.11.0 to 3.11.3 calls getattr for them, which no reader may."""
        return (type(obj), (obj.value,)) if isinstance(obj, Enum) else NotImplemented


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - as its base
        found = getattr(import_module(module), name, None) if module in MODULES else None
        if isinstance(found, type) and found.__module__ == module:
            return found
        raise CorruptCache(f"{module}.{name} is no part of what a host must have")
