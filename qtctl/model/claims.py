"""What a document claims, and the verdict on each claim."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from qtctl.dialects.document.types import Line


class ClaimKind(StrEnum):
    """What is claimed, in the order of documentation."""

    COUNT = "count"
    SUM = "sum"
    PERCENTAGE = "percentage"
    PORT = "port"
    NAME = "name"
    STATE = "state"
    EVERY = "all-or-none"
    CHECK = "check"
    VERSION = "version"
    LENGTH = "length"


class Verdict(StrEnum):
    TRUE = "true"
    FALSE = "false"
    """Registry or evidence show something else."""
    CONTRADICTED = "contradicts-itself"
    """The document contradicts itself, on another line or the same one."""
    UNKNOWN = "unknown"
    """This evidence cannot tell."""


class Ground(StrEnum):
    """What a verdict is based on."""

    DOCUMENT = "document"
    REGISTRY = "registry"
    EVIDENCE = "evidence"


@dataclass(frozen=True, slots=True)
class Claim:
    """`text`: the line with the claim. `subject`: what it is about; `value`: what it says."""

    line: int
    text: str
    kind: ClaimKind
    subject: str
    value: str


@dataclass(frozen=True, slots=True)
class Judged:
    """`why`: what shows it, or why it cannot be known. `other`: the contradicting line, 0 if there is none."""

    claim: Claim
    verdict: Verdict
    why: str
    other: int = 0
    ground: Ground = Ground.DOCUMENT
    proof: str = ""


@dataclass(frozen=True, slots=True)
class Examined:
    """`unchecked`: lines with numbers, or with all or none, that no check understood."""

    file: str
    lines: int
    judged: tuple[Judged, ...]
    unchecked: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class KnownUnit:
    """`kind`: service, timer, target … `category`: as in the module registry, '' without evidence."""

    name: str
    kind: str
    category: str = ""
    ports: tuple[int, ...] = ()
    venv: str = ""
    proof: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What registry and evidence say about one host.

    `taken_at`: UTC, ISO 8601, '' if only the registry was asked. `units`: by the name that `same_name` makes.
    `counts`: by kind in the singular (service, running, unit, timer, target, venv, stream, key, port), every number
    that the kind can be said to have, declared first; what is not in it is not known. `ports`: number → who has it.
    `lengths`: of streams. `venvs`: name → status. `versions`: by lower-case name.
    """

    host: str
    ground: Ground
    taken_at: str = ""
    units: Mapping[str, KnownUnit] = field(default_factory=dict)
    counts: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    ports: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    lengths: Mapping[str, int | None] = field(default_factory=dict)
    venvs: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
