"""Looking for inputs that break a law: at random, or with atheris, which is led by what code an input reaches."""

import hashlib
import importlib.util
import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import monotonic

from tests.fuzz.inputs import maker
from tests.fuzz.target import CASES, MAX_INPUT, Target

ROOT = Path(__file__).parents[2]
SMALLER_S = 20
"""As long an input that broke a law is made smaller."""
HANGS_AFTER_S = 30


@dataclass(frozen=True, slots=True)
class Found:
    """An input that broke the law of `target`, kept as a case."""

    path: Path
    why: str


def guided() -> bool:
    """Whether atheris is there."""
    return importlib.util.find_spec("atheris") is not None


def keep(target: Target, data: bytes, error: BaseException) -> Found:
    """The input as a file of `cases`, named after what broke, so that one bug is one file."""
    path = CASES / target.name / signature(error)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or len(data) < path.stat().st_size:
        path.write_bytes(data)
    return Found(path, "".join(traceback.format_exception_only(error)).strip()[:500])


def signature(error: BaseException) -> str:
    """Kind of error, and the function and line of this project in which it came up."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(ROOT)]
    where = f"{Path(frames[-1].filename).stem}.{frames[-1].name}" if frames else "nowhere"
    line = hashlib.sha256((frames[-1].line or "").encode()).hexdigest()[:6] if frames else ""
    return f"{type(error).__name__}-{where}-{line}"


def at_random(target: Target, seed: int, more: Callable[[int], bool]) -> tuple[int, Found | None]:
    """How many inputs were tried, and the first that broke the law, made smaller. The same seed makes the same ones.

    `more`: whether to go on after so many.
    """
    make, tried = maker(target), 0
    while more(tried):
        data = make(Random(seed + tried))  # noqa: S311 - no secret
        tried += 1
        error = _broken(target, data)
        if error:
            return tried, keep(target, *_smaller(target, data, error))
    return tried, None


def within(seconds: float) -> Callable[[int], bool]:
    until = monotonic() + seconds
    return lambda _: monotonic() < until


def _broken(target: Target, data: bytes) -> Exception | None:
    try:
        target.run(data)
    except Exception as error:  # noqa: BLE001 - whatever comes out is what is looked for
        return error
    return None


def _smaller(target: Target, data: bytes, error: Exception) -> tuple[bytes, Exception]:
    """What breaks in the same place without parts of the input: half of it, a quarter, down to single bytes."""
    more, what, size = within(SMALLER_S), signature(error), len(data)
    while size := size // 2:
        at = 0
        while at < len(data) and more(0):
            shorter = data[:at] + data[at + size :]
            found = _broken(target, shorter)
            if found and signature(found) == what:
                data, error = shorter, found
            else:
                at += size
    return data, error


def with_atheris(target: Target, seconds: float, corpus: Path) -> None:
    """A process of its own, which libFuzzer needs; what it finds lands in `cases`. It is begun again after a hang."""
    until = monotonic() + seconds
    while (left := int(until - monotonic())) > 0:
        command = [sys.executable, "-m", "tests.fuzz.guided", target.name, str(corpus / target.name), str(left)]
        done = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
        if done.returncode == 0:
            return


def seed_corpus(target: Target, folder: Path) -> Path:
    """The seeds and the cases of a target as files, and a dictionary of its tokens beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    for data in (*target.seeds(), *(path.read_bytes() for path in target.cases())):
        (folder / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data[:MAX_INPUT])
    words = folder.with_suffix(".dict")
    words.write_text("".join(f'"{_escaped(token)}"\n' for token in _short(target.tokens)))
    return words


def _short(tokens: Iterable[str]) -> list[bytes]:
    """What a dictionary of libFuzzer takes: at most 64 bytes each."""
    encoded = [token.encode("utf-8", "surrogateescape") for token in tokens]
    return [token for token in encoded if 0 < len(token) <= 64]


def _escaped(token: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in token)
