"""Situations of a host, as data: read from situations/*.toml and from the core that every run of the tests has."""

import hashlib
import json
import random
import re
import tomllib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from itertools import combinations, islice
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "situations"
CORE = Path(__file__).parent.parent / "live/faults.toml"
SUITES = {"bullseye": "Debian 11", "bookworm": "Debian 12", "noble": "Ubuntu 24.04", "trixie": "Debian 13"}
EXPECTED = ("findings", "every", "unknown", "unknown_here", "not_asked")
KEYS = {
    *EXPECTED,
    "become",
    "inflict",
    "settle",
    "settle_s",
    "heal",
    "exit",
    "follow",
    "why",
    "alone",
    "touches",
    "suites",
}
_RELOADS = re.compile(
    r"systemctl( -q| --quiet| --runtime)* "
    r"(daemon-re|enable|disable|mask|unmask|revert|set-prop|link|reenable|preset|edit|add-)"
)
_TOKEN = re.compile(r"[\w@.-]+\.(?:service|timer|target|socket)\b|/(?:[\w@.+-]+/)*[\w@.+-]+|quantum:[\w:.-]+")
_EVERYWHERE = (
    "/dev/null", "/etc/systemd/system", "/bin", "/usr/bin", "/usr/sbin", "/sbin", "/proc", "/root", "/etc", "/health",
    "/", "/opt/quantum/venvs", "/run", "/sys/fs/cgroup",
)  # fmt: skip


@dataclass(frozen=True)
class Situation:
    """`family`: the file that it is from. `data`: as tests/live/faulty.py reads it."""

    name: str
    family: str
    data: dict[str, Any]

    @property
    def harmless(self) -> bool:
        """Whether nothing is wrong, and everything can be seen: an audit must exit with 0."""
        return not self.broken and not any(self.data.get(key) for key in ("unknown", "unknown_here", "not_asked"))

    @property
    def broken(self) -> bool:
        return bool(self.data.get("every") or (self.data.get("findings") and self.data.get("exit") != 0))

    @property
    def follows(self) -> bool:
        """Whether what the findings say to do is done. The core's healing scripts do not expect that."""
        return bool(self.data.get("follow", self.family != "core"))

    @property
    def exit(self) -> int:
        if "exit" in self.data:
            return int(self.data["exit"])
        unknown = self.data.get("unknown") or self.data.get("unknown_here")
        return 1 if self.broken else 3 if unknown else 0

    @property
    def become(self) -> bool:
        """Whether the audit asks as root what only root can tell."""
        return bool(self.data.get("become"))

    @property
    def digest(self) -> str:
        return hashlib.sha256(json.dumps(self.data, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def alone(self) -> bool:
        """Whether nothing can be told beside it: it says so, or much of the host is unknown then."""
        return bool(self.data.get("alone")) or any("*" in each for each in self.data.get("unknown", {}).values())

    @property
    def stale(self) -> bool:
        """Whether a daemon-reload heals part of it."""
        return "QT212" in self.data.get("findings", {})

    @property
    def reloads(self) -> bool:
        return _RELOADS.search(self.data["inflict"]) is not None or any(
            "deploy" in str(self.data.get(key, "")) for key in ("inflict",)
        )

    def runs_on(self, suite: str) -> bool:
        return suite in self.data.get("suites", SUITES)

    @cached_property
    def touched(self) -> frozenset[str]:
        """Units, paths and keys that it changes, or that are found."""
        subjects = (each for key in EXPECTED for several in self.data.get(key, {}).values() for each in several)
        texts = (self.data["inflict"], self.data["heal"], self.data["settle"], *subjects)
        found = {token for text in texts for token in _TOKEN.findall(text)}
        return frozenset((*found, *self.data.get("touches", ()))) - {*_EVERYWHERE}


def read_all() -> tuple[Situation, ...]:
    """Every situation of the matrix, sorted by file, then as written."""
    files = ((path.stem, path) for path in sorted(FOLDER.glob("*.toml")))
    return tuple(each for family, path in (("core", CORE), *files) for each in _read(family, path))


def _read(family: str, path: Path) -> Iterator[Situation]:
    for name, data in tomllib.loads(path.read_text()).items():
        yield Situation(name, family, data)


def choose(situations: Sequence[Situation], only: Collection[str], suite: str) -> tuple[Situation, ...]:
    """Those of the suite whose name or family matches one of the globs (none: all)."""
    return tuple(
        each
        for each in situations
        if each.runs_on(suite)
        and (not only or any(fnmatchcase(each.name, glob) or fnmatchcase(each.family, glob) for glob in only))
    )


def are_independent(one: Situation, other: Situation) -> bool:
    """Whether neither changes what the other does or heals."""
    if one.alone or other.alone or one.become != other.become:
        return False
    if (one.stale and other.reloads) or (other.stale and one.reloads):
        return False
    return not any(_meet(a, b) for a in one.touched for b in other.touched)


def _meet(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")


def draw_pairs(situations: Sequence[Situation], count: int, seed: int) -> tuple[tuple[Situation, Situation], ...]:
    """`count` random pairs of independent situations, each of at least one that is not harmless."""
    pairs = list(combinations(situations, 2))
    random.Random(seed).shuffle(pairs)  # noqa: S311 - no secret
    good = (pair for pair in pairs if not (pair[0].harmless and pair[1].harmless) and are_independent(*pair))
    return tuple(islice(good, count))
