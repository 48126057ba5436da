"""Who runs qtctl, according to the system and not to environment variables."""

import os
import platform
import pwd
import re
from pathlib import Path

from qtctl.errors import InputError
from qtctl.model.trail import Person

_UID = re.compile(r"[0-9]{1,10}")


def find_person() -> Person:
    """sudo sets SUDO_UID, and it counts only for root: anyone else may have set it."""
    sudo_uid = os.environ.get("SUDO_UID", "")
    sudo_user = get_user_name(int(sudo_uid)) if os.getuid() == 0 and _UID.fullmatch(sudo_uid) else ""
    return Person(get_user_name(os.getuid()), platform.node(), sudo_user)


def get_user_name(uid: int) -> str:
    """The user's name; the number of a user without a name."""
    try:
        return pwd.getpwuid(uid).pw_name
    except (KeyError, OverflowError):
        return str(uid)


def locate_home() -> Path:
    """HOME, or the home of this process's account. InputError if it has neither, as an account of a container may."""
    try:
        return Path.home()
    except RuntimeError as error:
        what = f"the account {os.getuid()} has no home folder, and HOME is not set"
        raise InputError(what, hint="set HOME to a folder of its own") from error
