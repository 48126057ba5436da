"""Children of a process, and what they run. Not in `processes`, which every command loads: psutil loads slowly."""

import psutil

from qtctl.lab.processes import Process, find_process


def list_children(pid: int) -> tuple[Process, ...]:
    """The direct children of `pid`; none if it has ended."""
    try:
        found = psutil.Process(pid).children()
    except psutil.NoSuchProcess:
        return ()
    return tuple(each for child in found if (each := find_process(child.pid)) is not None)


def find_executable(pid: int) -> str:
    """The path of its program, as seen from its own root; '' if it has ended."""
    try:
        return psutil.Process(pid).exe()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return ""
