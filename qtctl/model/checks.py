"""A fleet's own checks: the tables of checks.toml, each named by its id, QT9xx."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from qtctl.model.expect import Expect
from qtctl.model.fields import AbsolutePath, HostRef, Listen, Mode, Node, Number, Size, Span, Switch, UnitName
from qtctl.model.service import Health

CheckText = Annotated[str, StringConstraints(min_length=1, max_length=2000), Expect("text in quotes, not empty")]
Word = Annotated[str, StringConstraints(max_length=4000, pattern=r"^[^\x00-\x1f\x7f]*$"), Expect("text on one line")]
PropertyName = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Z][A-Za-z0-9]{1,80}$"),
    Expect('a property as systemctl show names it, such as "ActiveState"'),
]


Digest = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-f]{64}$"),
    Expect("a digest of 64 digits and letters a to f, as sha256sum prints it"),
]


class CommandCheck(Node):
    """A program, run on the host as the auditing account, without a shell and with an empty environment."""

    argv: tuple[Word, ...] = Field(min_length=1)
    exit: Annotated[Number, Field(ge=0, le=255)] = 0
    output: str | None = Field(default=None, max_length=4000)
    contains: str | None = Field(default=None, max_length=4000)
    within: Span = "2s"


class HttpCheck(Health):
    """A GET from the host itself, by address: no name is resolved, and no redirect followed."""

    listen: Listen
    """Of whom it is asked, as ports say it."""


class FileCheck(Node):
    """A path; links are not followed. Its content is only compared, on the host."""

    path: AbsolutePath
    kind: Literal["file", "dir", "link", "socket", "other", "absent"] = "file"
    owner: Word | None = None
    group: Word | None = None
    mode: Mode | None = None
    max_age: Span | None = None
    not_empty: Switch = False
    min_size: Size | None = None
    max_size: Size | None = None
    sha256: Digest | None = None
    line: Word | None = None


class PropertyCheck(Node):
    """A property of a unit, as `systemctl show` prints it."""

    unit: UnitName
    property: PropertyName
    value: Word


class Check(Node):
    """One of `command`, `http`, `file` and `unit`."""

    summary: Annotated[CheckText, StringConstraints(max_length=200)]
    remedy: CheckText
    why: str = ""
    severity: Literal["info", "warning", "error"] = "warning"
    state: Literal["active", "retired"] = "active"
    hosts: tuple[HostRef, ...] = ()
    command: CommandCheck | None = None
    http: HttpCheck | None = None
    file: FileCheck | None = None
    unit: PropertyCheck | None = None
