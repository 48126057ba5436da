"""What is fuzzed: bytes go in, and a law says what may come out."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import process_time

from qtctl.errors import InputError, InputErrors

CASES = Path(__file__).parent / "cases"
MAX_INPUT = 16_384
"""Bytes. How time grows beyond that is for tests/bench/growth.py to say."""
SECONDS = 15.0
"""CPU that one input may take; the slowest one takes a twentieth of it on an idle machine."""


@dataclass(frozen=True, slots=True)
class Target:
    """`law` raises where it does not hold: anything but an error of qtctl.errors that it allows.

    `seeds` are good inputs to begin with, `tokens` what is worth putting into them.
    """

    name: str
    law: Callable[[bytes], None]
    seeds: Callable[[], Iterable[bytes]]
    tokens: tuple[str, ...]

    def run(self, data: bytes) -> None:
        """The law, and that it says so in time."""
        begin = process_time()
        self.law(data)
        took = process_time() - begin
        assert took <= SECONDS, f"{took:.1f} s of CPU for {len(data)} bytes"

    def cases(self) -> list[Path]:
        """Inputs that once broke the law."""
        return sorted(path for path in (CASES / self.name).glob("*") if path.is_file())


def each(error: InputError) -> tuple[InputError, ...]:
    return error.errors if isinstance(error, InputErrors) else (error,)


def placed(error: InputError, texts: Mapping[str, str | bytes]) -> None:
    """Every error says what is wrong, and stands in one of `texts`, at a line that is there."""
    assert each(error)
    last = {file: lines(text) for file, text in texts.items()}
    for one in each(error):
        assert one.what
        assert one.place is not None, str(one)
        assert one.place.file in texts, str(one)
        if one.place.line is not None:
            assert 1 <= one.place.line <= last[one.place.file], str(one)


def lines(text: str | bytes) -> int:
    return (text.count("\n") if isinstance(text, str) else text.count(b"\n")) + 1


def said(text: bytes) -> str:
    """As a command reads a file, but for the bytes that it refuses."""
    return text.decode("utf-8", "replace")
