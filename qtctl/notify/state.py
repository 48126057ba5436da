"""What each channel was told, in a file of the user's: replaced whole, durable before and after each notification."""

import errno
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from qtctl.contained.folder import Folder
from qtctl.contained.regular import MIB, read_at
from qtctl.errors import InputError, Place
from qtctl.findings.notice import Told
from qtctl.reports.notices import MOST_KNOWN

LARGEST = 32 * MIB
VERSION = 1
_MODE = 0o600
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
HINT = "move it away to start over: everything that is wrong is then notified once more"


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    version: Annotated[int, Field(ge=VERSION, le=VERSION)]
    channels: Annotated[dict[str, Told], Field(max_length=1000)]


class State:
    """The open state of one run; `told` may change as often as something is sent."""

    def __init__(self, folder: Folder, name: str, told: Mapping[str, Told]) -> None:
        self._folder, self._name = folder, name
        self._told = dict(told)

    def get(self, channel: str) -> Told:
        return self._told.get(channel, Told())

    def put(self, channel: str, told: Told) -> None:
        """Durable when it returns. InputError if it cannot be written: then nothing may be sent."""
        self._told[channel] = told
        text = _Document(version=VERSION, channels=self._told).model_dump_json()
        try:
            self._folder.write(self._name, text.encode() + b"\n", _MODE, sync=True)
            os.fsync(self._folder.fd)
        except OSError as error:
            what = f"cannot be written: {error.strerror}"
            raise InputError(what, hint="nothing is sent without it", place=self._folder.place(self._name)) from error


@contextmanager
def open_state(path: Path) -> Iterator[State]:
    """The state, which no other qtctl uses meanwhile. InputError if one does, or if the file is damaged."""
    place = Place(str(path))
    try:
        path.absolute().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with Folder.open(path.absolute().parent) as folder:
            # What is no state gets no lock beside it either.
            _read(folder, path.name, place)
            folder.check_writable(path.name)
            with _lock(folder, f"{path.name}.lock", place):
                yield State(folder, path.name, _read(folder, path.name, place))
    except OSError as error:
        raise InputError(f"cannot be used: {error.strerror}", hint="check the path of --state", place=place) from error


@contextmanager
def _lock(folder: Folder, name: str, place: Place) -> Iterator[None]:
    handle = os.open(name, _FLAGS, _MODE, dir_fd=folder.fd)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except OSError as error:
        if error.errno not in (errno.EAGAIN, errno.EACCES):
            raise
        raise InputError("another qtctl notify uses it", hint="wait until that one has ended", place=place) from error
    finally:
        os.close(handle)


def _read(folder: Folder, name: str, place: Place) -> Mapping[str, Told]:
    try:
        content = read_at(folder.fd, name, LARGEST, place)
    except FileNotFoundError:
        return {}
    try:
        found = _Document.model_validate(json.loads(content))
    except (ValueError, ValidationError, RecursionError) as error:
        raise InputError("is not a state of notifications", hint=HINT, place=place) from error
    if any(len(each.causes) > MOST_KNOWN for each in found.channels.values()):
        raise InputError("is too large to be a state of notifications", hint=HINT, place=place)
    return found.channels
