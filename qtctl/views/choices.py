"""The choices of list, show and graph. This module imports nothing heavy: the command line loads it at every start."""

from enum import StrEnum


class Kind(StrEnum):
    HOSTS = "hosts"
    SERVICES = "services"
    TIMERS = "timers"
    TARGETS = "targets"
    UNITS = "units"
    """Sockets, paths, slices, mounts, automounts, swaps and drop-ins."""
    VENVS = "venvs"
    USERS = "users"
    FOLDERS = "folders"
    STREAMS = "streams"
    PORTS = "ports"
    EXTERNALS = "externals"


class State(StrEnum):
    """Every state that can be declared; STATES says which kind can have which."""

    RUNNING = "running"
    ACTIVE = "active"
    PRESENT = "present"
    STOPPED = "stopped"
    ON_TIMER = "on-timer"
    ON_DEMAND = "on-demand"
    RETIRED = "retired"


class What(StrEnum):
    TARGETS = "targets"
    ORDER = "order"
    STREAMS = "streams"
    ALL = "all"
