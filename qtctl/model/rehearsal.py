"""What is rehearsed on a throwaway host, and what of the real one it lacks."""

from dataclasses import dataclass
from enum import StrEnum


class Failure(StrEnum):
    """What a rehearsal makes fail, as policy.toml and `--failure` name it."""

    KILL = "kill"
    """Every service that runs is killed."""
    REDIS = "redis"
    """Every Redis server is restarted."""
    REBOOT = "reboot"
    DISK_FULL = "disk-full"


class StepKind(StrEnum):
    """The steps of a rehearsal, in their order."""

    BEFORE = "before"
    """What the real host has is deployed."""
    DEPLOY = "deploy"
    """What the registry declares is deployed."""
    AUDIT = "audit"
    KILL = "kill"
    REDIS = "redis"
    REBOOT = "reboot"
    DISK_FULL = "disk-full"
    ROLLBACK = "rollback"


class BeforeSource(StrEnum):
    """How it is known what the real host has now."""

    SAME = "same"
    """The host notes the digest of this very registry."""
    COMMIT = "commit"
    """The registry's own git history has the commit that the host notes, and its digest is the same."""
    SNAPSHOT = "snapshot"
    """The registry that the snapshot holds."""
    PARTS = "parts"
    """Those of the registry's units whose files the evidence shows on the host."""
    NOTHING = "nothing"
    """None of the registry's units is on the host."""


@dataclass(frozen=True, slots=True)
class NotModelled:
    """Something of the real host that the throwaway one lacks or has differently: it was not tried.

    `gap`: the evidence could have said it and does not. Else no rehearsal could have it.
    """

    subject: str
    why: str
    gap: bool = False
    remedy: str = ""
