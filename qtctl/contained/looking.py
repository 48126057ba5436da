"""Whether a path leads to something. If that cannot be determined, the answer is no.

Methods of Path raise errors for a path that is too long, or in a folder that may not be entered. Here that is left to
whatever opens the path: its error says why.
"""

import os
from pathlib import Path

from qtctl.errors import InputError, Place


def is_folder(path: Path | str) -> bool:
    return os.path.isdir(path)  # noqa: PTH112 - see above


def is_file(path: Path | str) -> bool:
    """Whether it is a regular file, or a link to one."""
    return os.path.isfile(path)  # noqa: PTH113 - see above


def is_link(path: Path | str) -> bool:
    return os.path.islink(path)  # noqa: PTH114 - see above


def leads_somewhere(path: Path | str) -> bool:
    return os.path.exists(path)  # noqa: PTH110 - see above


def make_absent_error(path: Path | str, what: str, hint: str) -> InputError:
    """For a path that leads nowhere: `what` if nothing is there, else why the system could not look."""
    place = Place(str(path))
    try:
        os.stat(path)  # noqa: PTH116 - see above
    except (FileNotFoundError, ValueError):
        return InputError(what, hint=hint, place=place)
    except OSError as error:
        return InputError(f"cannot be read: {error.strerror}", hint="check the path", place=place)
    return InputError(what, hint=hint, place=place)
