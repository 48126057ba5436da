"""Work that the tests of the Dask engine send: everything in it can be run twice."""

import os
import signal
import time
from pathlib import Path

from qtctl.engines.events import tell
from qtctl.engines.repeatable import repeatable
from qtctl.errors import InputError, Place
from qtctl.model.events import Stage, begun, done

_shared: list[str] = []


@repeatable
def double(number: int) -> int:
    return number * 2


@repeatable
def fail(what: str) -> None:
    raise InputError(what, hint="try again", place=Place("here", 7))


@repeatable
def say(host: str) -> str:
    tell(begun(host, Stage.CONNECT))
    tell(done(host, Stage.COLLECT, "all of it"))
    return host


@repeatable
def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@repeatable
def nap(seconds: float) -> None:
    time.sleep(seconds)


@repeatable
def take_time(folder: str, name: str, seconds: float) -> str:
    """Leaves a file with the id of each process that began it."""
    with (Path(folder) / name).open("a") as file:
        file.write(f"{os.getpid()}\n")
    time.sleep(seconds)
    return name


@repeatable
def read_variable(name: str) -> str | None:
    time.sleep(0.1)
    return os.environ.get(name)


def leave_shared(what: str, trace: str) -> None:
    """Adds a line to `trace` each time that it is called."""
    with Path(trace).open("a") as file:
        file.write(f"{what}\n")
    _shared[:] = [what]


@repeatable
def read_shared() -> list[str]:
    time.sleep(0.1)
    return _shared


def change_something() -> None:
    """Not marked."""
