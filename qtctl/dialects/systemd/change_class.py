"""What is needed to put a change in force. Which directive needs what is in `table/change_classes.py`."""

from enum import StrEnum


class ChangeClass(StrEnum):
    """The least that is needed, from nothing to creating the unit again. [Install] is not part of the scale."""

    NOTHING = "nothing"
    REENABLE = "re-enable"
    DAEMON_RELOAD = "daemon-reload"
    UNIT_RELOAD = "reload"
    RESTART = "restart"
    RECREATE = "recreate"

    @property
    def rank(self) -> int:
        return tuple(ChangeClass).index(self)

    @property
    def starts_anew(self) -> bool:
        return self in (ChangeClass.RESTART, ChangeClass.RECREATE)
