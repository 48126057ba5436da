"""A deploy of several hosts: what happens when one fails, and what becomes of each."""

from enum import StrEnum


class OnFailure(StrEnum):
    """Which hosts are rolled back once one of them is not as declared after its deploy."""

    HOST = "host"
    """That host alone, which goes back by itself."""
    BATCH = "batch"
    """Also the other hosts of its batch."""
    ALL = "all"
    """Also all hosts that this rollout has changed before."""


class HostEnd(StrEnum):
    """What became of one host of a rollout."""

    UNCHANGED = "unchanged"
    """There was nothing to change."""
    DEPLOYED = "deployed"
    """It was changed, and runs as declared."""
    ROLLED_BACK = "rolled-back"
    """It was changed, and then rolled back because another host failed."""
    RESTORED = "restored"
    """It was changed, was not as declared, and has been restored."""
    FAILED = "failed"
    """It may have been changed, and no check found it as declared or as before."""
    REFUSED = "refused"
    """It is as it was: something is in the way, or it could not be reached."""
    INTERRUPTED = "interrupted"
    """It is as it was: the rollout was interrupted before anything was changed."""
    LEFT_OUT = "left-out"
    """It could not be planned, and the others went on without it."""
    NOT_REACHED = "not-reached"
    """It is as it was: the rollout ended before its turn."""

    @property
    def proves_nothing(self) -> bool:
        """Whether the host was not touched, so that what is declared may still be right."""
        return self in (HostEnd.REFUSED, HostEnd.INTERRUPTED, HostEnd.LEFT_OUT, HostEnd.NOT_REACHED)
