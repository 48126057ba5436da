"""Free resources that a host must have, and how exact its clock must be."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HostLimits:
    """Percentages from 0 to 100; `load_per_cpu` over five and over fifteen minutes; `clock_skew_us` in microseconds."""

    disk_used: int = 90
    inodes_used: int = 90
    memory_available: int = 5
    swap_used: int = 90
    load_per_cpu: int = 10
    memory_pressure: int = 20
    io_pressure: int = 50
    clock_skew_us: int = 2_000_000


DEFAULT_LIMITS = HostLimits()
