"""The children of a process, and what they run. Apart from `processes`: every command loads that, and none psutil."""

import psutil

from qtctl.lab.processes import Process, process


def children(pid: int) -> tuple[Process, ...]:
    """The direct children of `pid`; none where it has ended."""
    try:
        found = psutil.Process(pid).children()
    except psutil.NoSuchProcess:
        return ()
    return tuple(each for child in found if (each := process(child.pid)) is not None)


def executable(pid: int) -> str:
    """Its program's path, as its own root sees it; '' where it has ended."""
    try:
        return psutil.Process(pid).exe()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return ""
