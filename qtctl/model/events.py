"""Progress as events: what is being done where.

Terminals, journals and fleets of a thousand hosts use the same ones.
"""

from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    PREPARE = "prepare"
    """For a lab, on this machine: packages, a root file system."""
    BOOT = "boot"
    CONNECT = "connect"
    COLLECT = "collect"
    INSTALL = "install"
    CHANGE = "change"
    VERIFY = "verify"
    END = "end"


class EventState(StrEnum):
    BEGUN = "begun"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Event:
    """`host`: its name as given or in the registry; "" for none. `detail`: one short line, or "".

    `waiting`: for what `detail` says; the stage of the host has begun with an earlier event.
    """

    host: str
    stage: Stage
    state: EventState
    detail: str = ""
    waiting: bool = False


def waiting(host: str, stage: Stage, detail: str) -> Event:
    return Event(host, stage, EventState.BEGUN, detail, waiting=True)


def begun(host: str, stage: Stage, detail: str = "") -> Event:
    return Event(host, stage, EventState.BEGUN, detail)


def done(host: str, stage: Stage, detail: str = "") -> Event:
    return Event(host, stage, EventState.DONE, detail)


def failed(host: str, stage: Stage, detail: str = "") -> Event:
    return Event(host, stage, EventState.FAILED, detail)
