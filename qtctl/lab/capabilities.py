"""The capabilities of a lab host: those of systemd-nspawn, without the ones that no unit of a fleet needs."""

from pathlib import Path

from qtctl.dialects.lines import split_lines

DROPPED = (
    "CAP_AUDIT_CONTROL", "CAP_AUDIT_WRITE", "CAP_IPC_OWNER", "CAP_LEASE", "CAP_LINUX_IMMUTABLE", "CAP_MKNOD",
    "CAP_NET_BROADCAST", "CAP_SYS_TTY_CONFIG",
)  # fmt: skip
"""systemd-nspawn itself withholds module loading, raw I/O, the clock, process accounting and locked memory."""
DROPPED_UNSHIFTED = ("CAP_DAC_READ_SEARCH",)
"""Without a user namespace it can open any file of any mounted file system by its handle."""


def list_dropped(*, shifted: bool) -> tuple[str, ...]:
    """`shifted`: whether the host has a user namespace of its own."""
    return DROPPED if shifted else (*DROPPED, *DROPPED_UNSHIFTED)


def read_bounding_set(pid: int, of: Path = Path("/proc")) -> int:
    """The capability bounding set of a process, as bits; 0 if it has ended."""
    try:
        said = split_lines((of / str(pid) / "status").read_bytes().decode("utf-8", "replace"))
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1], 16) for line in said if line.startswith("CapBnd:")), 0)
