"""The devices that a lab host may create and open: those of any container, but no disk or terminal of this machine.

If systemd booted this machine, the properties of the host's scope enforce it; otherwise an eBPF program on its cgroup.
"""

import os
import struct
from functools import cache
from pathlib import Path

from qtctl.lab import kernel

ALLOWED = ((1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 1), (5, 2), (10, 200))
"""null, zero, full, random, urandom, tty, console, ptmx, net/tun: (major, minor)."""
PTS_MAJORS = tuple(range(136, 144))
SCOPE = (
    "--property=DevicePolicy=closed",
    "--property=DeviceAllow=char-pts rwm",
    "--property=DeviceAllow=/dev/net/tun rwm",
)
CHARACTER = 2
LOAD, AND, IF_EQUAL, IF_NOT_EQUAL, SET, EXIT = 0x61, 0x57, 0x15, 0x55, 0xB7, 0x95
CONTEXT, KIND, MAJOR, MINOR, RESULT = 1, 2, 3, 4, 0


def restrict(cgroup: Path) -> str:
    """Restrict a cgroup of the unified hierarchy to ALLOWED. Returns '', or why the kernel refuses."""
    try:
        program = kernel.load_device_program(make_policy())
        try:
            kernel.attach_device_program(program, cgroup)
        finally:
            os.close(program)
    except OSError as error:
        return f"{cgroup}: {error.strerror or error}"
    return ""


@cache
def make_policy() -> bytes:
    """The eBPF program: 1 for any access to a character device of ALLOWED, 0 for everything else."""
    code = [
        _build_instruction(LOAD, KIND, CONTEXT, 0, 0), _build_instruction(AND, KIND, 0, 0, 0xFFFF),
        _build_instruction(LOAD, MAJOR, CONTEXT, 4, 0), _build_instruction(LOAD, MINOR, CONTEXT, 8, 0),
        _build_instruction(IF_EQUAL, KIND, 0, 2, CHARACTER), *_build_return(0),
    ]  # fmt: skip
    for major, minor in ALLOWED:
        code += [
            _build_instruction(IF_NOT_EQUAL, MAJOR, 0, 3, major),
            _build_instruction(IF_NOT_EQUAL, MINOR, 0, 2, minor),
            *_build_return(1),
        ]
    for major in PTS_MAJORS:
        code += [_build_instruction(IF_NOT_EQUAL, MAJOR, 0, 2, major), *_build_return(1)]
    return b"".join([*code, *_build_return(0)])


def _build_return(value: int) -> tuple[bytes, bytes]:
    return _build_instruction(SET, RESULT, 0, 0, value), _build_instruction(EXIT, 0, 0, 0, 0)


def _build_instruction(code: int, target: int, source: int, offset: int, value: int) -> bytes:
    """One instruction (struct bpf_insn); little-endian machines."""
    return struct.pack("<BBhi", code, source << 4 | target, offset, value)
