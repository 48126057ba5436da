"""What can be asked for. Nothing else is loaded with it: the command line reads these words before it does anything."""

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
    """Every state that something can be declared in; which kind has which: STATES."""

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
