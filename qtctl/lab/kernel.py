"""System calls for which there is no Python function, and no program on a minimal system."""

import ctypes
import os
import platform
import struct
from pathlib import Path

BPF, KEYCTL = 0, 1
NUMBERS = {"x86_64": (321, 250), "aarch64": (280, 219), "riscv64": (280, 219), "ppc64le": (361, 271)}
PROG_LOAD, PROG_ATTACH = 5, 8
TYPE_CGROUP_DEVICE, ATTACH_CGROUP_DEVICE, ALLOW_MULTI = 15, 6, 2
JOIN_SESSION_KEYRING = 1


def load_device_program(code: bytes) -> int:
    """Load an eBPF program of type cgroup/device; returns its descriptor. OSError if the kernel refuses it."""
    instructions = ctypes.create_string_buffer(code, len(code))
    licence = ctypes.create_string_buffer(b"GPL")
    attributes = struct.pack(
        "=IIQQ40x", TYPE_CGROUP_DEVICE, len(code) // 8, ctypes.addressof(instructions), ctypes.addressof(licence)
    )
    return _call_system(BPF, PROG_LOAD, attributes, len(attributes))


def attach_device_program(program: int, cgroup: Path) -> None:
    """Attach a loaded program to a cgroup, and so to those below it, until the cgroup is removed. OSError."""
    folder = os.open(cgroup, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        attributes = struct.pack("=IIII", folder, program, ATTACH_CGROUP_DEVICE, ALLOW_MULTI)
        _call_system(BPF, PROG_ATTACH, attributes, len(attributes))
    finally:
        os.close(folder)


def leave_session_keyring() -> None:
    """Join a new session keyring, so that what this thread starts cannot use the caller's keys. OSError."""
    _call_system(KEYCTL, JOIN_SESSION_KEYRING, None, 0)


def _call_system(which: int, command: int, argument: bytes | None, size: int) -> int:
    numbers = NUMBERS.get(platform.machine())
    if numbers is None:
        raise OSError(f"the number of this system call is unknown on {platform.machine()}")
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    given: int = libc.syscall(ctypes.c_long(numbers[which]), ctypes.c_long(command), argument, ctypes.c_long(size))
    if given < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return given
