"""Facts of the code that services run: their entry points, and folders of code and virtual environments."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """Subject: a service. `found`: where each thing is that its program has to find, in the order of the question.

    '' for what is in none of the folders that Python searches. Then `shut` is a folder that could not be entered, and
    `hook` a .pth file that may make Python search elsewhere; '' for none.
    """

    FACT: ClassVar[str] = "entry"
    found: list[str]
    shut: str = ""
    hook: str = ""


@dataclass(frozen=True, slots=True)
class Folders:
    """Subject: a folder. Folders in it → those of the files by which virtual environments and programs are known."""

    FACT: ClassVar[str] = "folders"
    marks: dict[str, list[str]]
