"""Looking for inputs that break a law: with hypothesis, or with atheris, which is led by what code an input reaches."""

import hashlib
import importlib.util
import os
import subprocess
import sys
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded

from tests.fuzz.inputs import inputs
from tests.fuzz.target import CASES, MAX_INPUT, Target

ROOT = Path(__file__).parents[2]
ROUND = 100
"""Inputs that hypothesis makes between two looks at the clock."""
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


def with_hypothesis(target: Target, seconds: float, seed: int) -> tuple[int, Found | None]:
    """How many inputs were tried from `seed` on, and the least one that broke the law."""
    until, tried = monotonic() + seconds, 0
    while monotonic() < until:
        found = one_round(target, seed + tried)
        tried += ROUND
        if found:
            return tried, found
    return tried, None


def one_round(target: Target, seed: int) -> Found | None:
    """ROUND inputs; the same seed makes the same ones."""
    broken: list[tuple[bytes, BaseException]] = []

    @seeded(seed)
    @settings(
        max_examples=ROUND,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=tuple(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(inputs(target))
    def held(data: bytes) -> None:
        try:
            target.run(data)
        except Exception as error:
            broken.append((data, error))
            raise

    try:
        held()
    except Exception:
        if not broken:
            raise
        return keep(target, *broken[-1])
    return None


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
