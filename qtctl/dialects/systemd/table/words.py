"""Closed vocabularies of systemd, the kernel and the C library; of every measured version together.

`words.json`: system calls, file systems, capabilities, exit statuses and architectures as `systemd-analyze` of 247 to
257 lists them, the kernel's address families, and the time zones of tzdata. It is read on first use.
"""

import json
from enum import StrEnum
from functools import cache
from importlib.resources import files

from qtctl.dialects.nearest import Known


class WordSet(StrEnum):
    """As words.json calls it."""

    ADDRESS_FAMILIES = "address_families"
    ARCHITECTURES = "architectures"
    CAPABILITIES = "capabilities"
    EXIT_STATUSES = "exit_statuses"
    FILESYSTEMS = "filesystems"
    SYSCALLS = "syscalls"
    ZONES = "zones"


_PREFIXES = {WordSet.ADDRESS_FAMILIES: "AF_", WordSet.CAPABILITIES: "CAP_"}
"""The prefix of all words in a set: it does not make any two more similar."""


@cache
def list_words(of: WordSet) -> frozenset[str]:
    """All words of a set."""
    return frozenset(_read()[of].split())


def find_nearest_word(of: WordSet, word: str) -> str:
    """The word that a mistyped one was meant to be; "" if none is near."""
    prefix = _PREFIXES.get(of, "")
    near = _load_names(of).find_nearest(word.removeprefix(prefix))
    return f"{prefix}{near}" if near else ""


@cache
def _load_names(of: WordSet) -> Known:
    prefix = _PREFIXES.get(of, "")
    return Known(word.removeprefix(prefix) for word in _read()[of].split())


@cache
def _read() -> dict[str, str]:
    found: dict[str, str] = json.loads(files(__package__).joinpath("words.json").read_text("utf-8"))
    return found
