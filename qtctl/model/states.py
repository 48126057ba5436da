"""Words for states, shared by a registry and everything made from it. Separate from its models, which load pydantic."""

from enum import StrEnum


class ServiceState(StrEnum):
    RUNNING = "running"
    STOPPED = "stopped"
    ON_TIMER = "on-timer"
    ON_DEMAND = "on-demand"
    """Started by a socket, a path or another unit, when it is needed."""
    RETIRED = "retired"


ACTIVE_STATES = frozenset({"active", "reloading", "refreshing"})
"""ActiveState= of a unit that has started and has not ended."""
STARTED_BY_OTHERS = (ServiceState.ON_TIMER, ServiceState.ON_DEMAND)


class KeyType(StrEnum):
    STREAM = "stream"
    HASH = "hash"
    STRING = "string"
    LIST = "list"
    SET = "set"
    ZSET = "zset"
