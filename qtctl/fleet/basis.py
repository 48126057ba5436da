"""What all hosts of one run have in common. It is sent to each place where work runs once, and named by its digest."""

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from qtctl.flows.earlier import Earlier
from qtctl.model.registry import Registry
from qtctl.registry.places import Places

_MOST = 4
"""Bases that a process keeps: one is enough for a command, a worker on another machine serves several."""
_provided: "OrderedDict[str, Basis]" = OrderedDict()


@dataclass(frozen=True, slots=True)
class Basis:
    """A registry without errors, with its files; unit templates by name; an earlier look, if findings are to be new.

    `digest`: of everything that it was made from, hexadecimal. It can be pickled.
    """

    registry: Registry
    files: Mapping[str, bytes]
    templates: Mapping[str, str]
    places: Places
    earlier: Earlier | None
    digest: str


class UnknownBasis(LookupError):
    """Work names a basis that was not provided where it runs."""


def make_basis(
    registry: Registry, files: Mapping[str, bytes], templates: Mapping[str, str], earlier: Earlier | None = None
) -> Basis:
    """`registry` was loaded from `files`."""
    return Basis(registry, files, templates, Places(files), earlier, _digest(files, templates, earlier))


def provide(basis: Basis) -> None:
    """Keep it for work that runs in this process, or in one that is forked from it."""
    _provided[basis.digest] = basis
    _provided.move_to_end(basis.digest)
    while len(_provided) > _MOST:
        _provided.popitem(last=False)


def find_basis(digest: str) -> Basis:
    """UnknownBasis if it was not provided here."""
    try:
        return _provided[digest]
    except KeyError:
        raise UnknownBasis(f"no registry with the digest {digest} was provided here") from None


def _digest(files: Mapping[str, bytes], templates: Mapping[str, str], earlier: Earlier | None) -> str:
    found = hashlib.sha256()
    for part in _list_parts(files, templates, earlier):
        found.update(len(part).to_bytes(8, "big") + part)
    return found.hexdigest()


def _list_parts(files: Mapping[str, bytes], templates: Mapping[str, str], earlier: Earlier | None) -> Iterator[bytes]:
    for folder in (files, {name: text.encode() for name, text in templates.items()}):
        yield len(folder).to_bytes(8, "big")
        for name in sorted(folder):
            yield name.encode()
            yield folder[name]
    if earlier is not None:
        yield earlier.where.encode()
        yield earlier.text.encode()
