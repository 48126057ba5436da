"""What a host must have, as bytes for a cache: loading, resolving and rendering take longer than asking a host.

The name of an entry is a digest of everything it was made from, so an entry can be missing, but never out of date.
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

_OF_DESIRED = "qtctl.model.desired"
_OTHERS = frozenset({"qtctl.model.evidence", "qtctl.model.origin", "qtctl.model.states", "qtctl.model.waiver"})
_SEAL = hashlib.sha256().digest_size


class CorruptCache(ValueError):
    """Bytes that `pack` did not write."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything that a `Desired` is made from, except the code that makes it."""

    files: Mapping[str, bytes]
    templates: Mapping[str, str]
    target: str
    as_name: str | None

    def digest(self, made_by: str) -> str:
        """A hexadecimal digest. `made_by` identifies the version of the code."""
        found = hashlib.sha256()
        for part in self._list_parts(made_by):
            found.update(len(part).to_bytes(8, "big") + part)
        return found.hexdigest()

    def _list_parts(self, made_by: str) -> Iterator[bytes]:
        yield made_by.encode()
        yield self.target.encode()
        yield b"" if self.as_name is None else b"=" + self.as_name.encode()
        for folder in (self.files, {name: text.encode() for name, text in self.templates.items()}):
            yield len(folder).to_bytes(8, "big")
            for name in sorted(folder):
                yield name.encode()
                yield folder[name]


def may_hold(module: str) -> bool:
    """Whether a `Desired` may consist of classes of this module. Reading an entry creates objects of no other class."""
    return module == _OF_DESIRED or module.startswith(f"{_OF_DESIRED}_") or module in _OTHERS


def pack(desired: Desired) -> bytes:
    body = BytesIO()
    _Writer(body, pickle.HIGHEST_PROTOCOL).dump(desired)
    return hashlib.sha256(body.getvalue()).digest() + body.getvalue()


def unpack(content: bytes) -> Desired:
    """CorruptCache for anything that `pack` did not write."""
    seal, body = content[:_SEAL], content[_SEAL:]
    if hashlib.sha256(body).digest() != seal:
        raise CorruptCache("its digest is wrong")
    try:
        found = _Reader(BytesIO(body)).load()
    except Exception as error:  # whatever an unpickler raises for bytes with a valid digest that are not ours
        raise CorruptCache(str(error)) from error
    if not isinstance(found, Desired):
        raise CorruptCache("it is not what a host must have")
    return found


class _Writer(pickle.Pickler):
    def reducer_override(self, obj: object) -> Any:  # noqa: ANN401 - as its base
        """Enum members by value: Python 3.11.0 to 3.11.3 pickles a call of getattr, which the reader refuses."""
        return (type(obj), (obj.value,)) if isinstance(obj, Enum) else NotImplemented


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - as its base
        found = getattr(import_module(module), name, None) if may_hold(module) else None
        if isinstance(found, type) and found.__module__ == module:
            return found
        raise CorruptCache(f"{module}.{name} is not a class that a cached entry may hold")
