"""System calls that Python and the programs of a small machine lack."""

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
    """A descriptor of a loaded program over the devices of a cgroup; `code` in eBPF. OSError where refused."""
    instructions = ctypes.create_string_buffer(code, len(code))
    licence = ctypes.create_string_buffer(b"GPL")
    attributes = struct.pack(
        "=IIQQ40x", TYPE_CGROUP_DEVICE, len(code) // 8, ctypes.addressof(instructions), ctypes.addressof(licence)
    )
    return _call_system(BPF, PROG_LOAD, attributes, len(attributes))


def attach_device_program(program: int, cgroup: Path) -> None:
    """Hold all in a cgroup, and below it, to a loaded program, for as long as the cgroup is there. OSError."""
    folder = os.open(cgroup, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        attributes = struct.pack("=IIII", folder, program, ATTACH_CGROUP_DEVICE, ALLOW_MULTI)
        _call_system(BPF, PROG_ATTACH, attributes, len(attributes))
    finally:
        os.close(folder)


def leave_session_keyring() -> None:
    """A new session keyring for this thread and what it starts: keys of the caller's login stay outside. OSError."""
    _call_system(KEYCTL, JOIN_SESSION_KEYRING, None, 0)


def _call_system(which: int, command: int, argument: bytes | None, size: int) -> int:
    numbers = NUMBERS.get(platform.machine())
    if numbers is None:
        raise OSError(f"the number of this system call is not known on {platform.machine()}")
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    given: int = libc.syscall(ctypes.c_long(numbers[which]), ctypes.c_long(command), argument, ctypes.c_long(size))
    if given < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return given
