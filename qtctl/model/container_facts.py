"""Facts of containers."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Containers:
    """Subject: `*`. Running containers.

    groups: id → its control group. names: id → its service in a compose file ('' for none), and its name; containers
    that Docker did not name are missing, for the reason in `unnamed`. ports: `8001/tcp` → the docker-proxy processes
    that hold it.
    """

    FACT: ClassVar[str] = "containers"
    groups: dict[str, str]
    names: dict[str, list[str]]
    ports: dict[str, list[str]]
    unnamed: str = ""
