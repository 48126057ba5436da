"""What a host keeps of its deploys, and how Desired is stored with each."""

import gzip
import zlib
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from qtctl.model.desired import Desired

if TYPE_CHECKING:
    from pydantic import TypeAdapter

FORMAT = 1
"""Version of what is recorded about a generation, as `format`."""
FOUND = "found"
"""How generation 0 ended: it is what was on the host before the first deploy."""
_MOST_BYTES = 64 << 20
_GZIP = 16 + zlib.MAX_WBITS


class DamagedGeneration(ValueError):
    """The generation is not as it was written."""


@dataclass(frozen=True, slots=True)
class GenerationRecord:
    """One generation as its host reports it. `outcome`: confirmed, restored, found, or '' if it is under way.

    `at`: seconds since the epoch, None if unknown. `about`: what was recorded about it: fleet, host, by, registry,
    version. `steps`: kind and subject of each.
    """

    number: int
    outcome: str
    current: bool
    at: int | None
    about: tuple[tuple[str, str], ...]
    steps: tuple[tuple[str, str], ...]

    def note(self, key: str) -> str:
        return dict(self.about).get(key, "")


def pack_desired(desired: Desired) -> bytes:
    """Compressed JSON; the same bytes for the same value.

    File contents, which are kept separately, are not included, nor is what is derived from them.
    """
    files = tuple(replace(file, content=b"") for file in desired.files)
    bare = replace(desired, files=files, loaded=(), needs_systemd=None, questions=None)
    return gzip.compress(_make_adapter().dump_json(bare), mtime=0)


def unpack_desired(content: bytes) -> Desired:
    """Without file contents. It comes from a host: only JSON of the right shape is read, up to a limit."""
    try:
        text = zlib.decompressobj(_GZIP).decompress(content, _MOST_BYTES)
        return _make_adapter().validate_json(text)
    except (zlib.error, ValueError) as error:
        raise DamagedGeneration("what it declares cannot be read") from error


@cache
def _make_adapter() -> "TypeAdapter[Desired]":
    from pydantic import TypeAdapter  # noqa: PLC0415 - who asks for root does without

    return TypeAdapter(Desired)
