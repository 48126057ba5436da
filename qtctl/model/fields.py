"""The checked types of values in registry files, and the base table, which rejects unknown keys."""

import re
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from qtctl.dialects import endpoints
from qtctl.dialects.paths import explain_trouble
from qtctl.dialects.systemd.size import parse_bytes
from qtctl.dialects.systemd.timespan import parse_microseconds
from qtctl.errors import InputError
from qtctl.model.expect import Exact, Expect, Unfit
from qtctl.model.unit_kinds import DECLARATIONS

Switch = Annotated[bool, Exact()]
Number = Annotated[int, Exact()]
"""As TOML writes them: no "yes", no "5", and true is no number."""
_A_PART = Expect('a whole number from 1, or a percentage from 1% to 100%, such as "25%"')
Part = Annotated[
    Annotated[Number, Field(ge=1, le=100_000)]
    | Annotated[str, StringConstraints(pattern=r"^([1-9][0-9]?|100)%$"), _A_PART],
    _A_PART,
]
"""A part of several things: how many of them, or a percentage."""
_NAME = StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]*$", max_length=200)
Name = Annotated[str, _NAME, Expect("a name of letters, digits and . _ @ -, the first a letter or digit")]
Tag = Annotated[
    str,
    StringConstraints(pattern=rf"^{endpoints.TAG}$", max_length=endpoints.TAG_LENGTH),
    Expect("a tag of letters, digits and . _ -, the first a letter or digit"),
]
"""What several hosts have in common. In lists of hosts it has an `@` in front."""
HostRef = Annotated[
    str,
    StringConstraints(pattern=rf"^({endpoints.TAG_SIGN}{endpoints.TAG}|[A-Za-z0-9][A-Za-z0-9._@-]*)$", max_length=200),
    Expect('the name of a host in hosts.toml, or a tag of hosts, such as "@workers"'),
]
TargetName = Annotated[str, _NAME, Expect("the name of a target in targets.toml")]
VenvName = Annotated[str, _NAME, Expect("the name of a venv in venvs.toml")]
StoreName = Annotated[str, _NAME, Expect("the name of a store in stores.toml")]
ExternalName = Annotated[str, _NAME, Expect("the name of an external in externals.toml")]
UnitName = Annotated[
    str,
    StringConstraints(
        pattern=rf"^[A-Za-z0-9:_.\\@-]+\.({'|'.join(each.kind for each in DECLARATIONS)})$", max_length=255
    ),
    Expect('the whole name of a unit, such as "redis.service"'),
]
UnitRef = Annotated[
    str,
    StringConstraints(
        pattern=r"^[A-Za-z0-9:_.\\@%-]+\.(service|timer|target|socket|path|slice|mount)$", max_length=255
    ),
    Expect('the whole name of a unit, such as "redis.service"'),
]
"""The name of another unit, in which systemd may have specifiers to replace: `user-%i.slice`."""
UnitPrefix = Annotated[
    str,
    StringConstraints(pattern=r"^([A-Za-z0-9:_\\][A-Za-z0-9:_.\\-]*)?$", max_length=100),
    Expect('what the names of units begin with, such as "app-"'),
]
"""What the names of the fleet's units begin with, or nothing."""


def check_plain(text: str) -> str:
    """A path that can become a file name here or on a host; systemd rejects `..` too."""
    if what := explain_trouble(text):
        raise Unfit(f"{text[:200]!r} {what}", what)
    return text


Plain = AfterValidator(check_plain)
AbsolutePath = Annotated[
    str, StringConstraints(pattern=r"^/", max_length=4095), Plain, Expect('an absolute path, such as "/srv/app"')
]
FilePath = Annotated[
    str, StringConstraints(min_length=1, max_length=4095), Plain, Expect('the path of a file, such as "bin/start.sh"')
]
"""Of a file, absolute or below a folder that another key names."""
PathBelow = Annotated[
    str,
    StringConstraints(pattern=r"^[^/-]", max_length=1000),
    Plain,
    Expect('a path below the folder in which qtctl runs, such as "rendered"'),
]
"""Relative, and never read as an option of a command."""


def _check_day(value: object) -> object:
    """A date of TOML, or the same in quotes."""
    return value.isoformat() if isinstance(value, date) else value


def _check_exists(text: str) -> str:
    date.fromisoformat(text)
    return text


Day = Annotated[
    str,
    BeforeValidator(_check_day),
    StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$"),
    AfterValidator(_check_exists),
    Expect("a day, such as 2027-01-31"),
]


def _read_by(read: Callable[[str], int]) -> AfterValidator:
    def check(text: str) -> str:
        try:
            read(text)
        except InputError as error:
            raise ValueError(str(error)) from error
        return text

    return AfterValidator(check)


Span = Annotated[str, _read_by(parse_microseconds), Expect('a time span, such as "5s", "2min 30s" or "infinity"')]
"""A systemd time span: "5s", "2min 30s"."""
Size = Annotated[str, _read_by(parse_bytes), Expect('a size, such as "512M", "1.5G" or "infinity"')]
"""A systemd size: "512M", "1.5G", "infinity"."""
Percent = Annotated[str, StringConstraints(pattern=r"^[0-9]+(\.[0-9]+)?%$"), Expect('a percentage, such as "80%"')]
EnvName = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$"),
    Expect("the name of a variable: letters, digits and _, the first no digit"),
]


RedisUser = Annotated[
    str,
    StringConstraints(pattern=r"^[!-~]+$", max_length=200),
    Expect("the name of an ACL user of Redis, without spaces"),
]


ServerName = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?$|^[0-9a-fA-F:.]+$", max_length=253),
    Expect('the name or address that a certificate is for, such as "redis.example.org"'),
]
RedisPattern = Annotated[
    str,
    StringConstraints(pattern=r"^[^\x00-\x1f\x7f-\x9f]+$", max_length=200),
    Expect('text that keys are matched with, such as "fleet:*"'),
]


def _check_listen(text: str) -> str:
    address, _, port = text.rpartition(":")
    if address != "*" and not endpoints.is_ip_address(address.strip("[]")):
        raise ValueError(f"{address} is not an IP address (write 127.0.0.1:8000, [::1]:8000 or *:8000)")
    if not endpoints.is_port(int(port)):
        raise ValueError(f"{port} is not a port (1 to {endpoints.PORTS[-1]})")
    return text


LISTEN_PATTERN = r"^(\[[0-9a-fA-F:.]+\]|[0-9.]+|\*):[0-9]{1,5}$"
Listen = Annotated[
    str,
    StringConstraints(pattern=LISTEN_PATTERN),
    AfterValidator(_check_listen),
    Expect('an IP address and a port (1 to 65535), such as "127.0.0.1:8000", "[::1]:8000" or "*:8000"'),
]
"""Where a service listens: an IP address, in brackets for IPv6, or * for all of them, and a port."""
LONGEST_SOCKET = 107
"""Bytes of a unix socket's path that fit into the kernel's struct."""


def _check_socket(text: str) -> str:
    if len(check_plain(text).encode()) > LONGEST_SOCKET:
        what = f"is longer than the {LONGEST_SOCKET} bytes that the path of a unix socket may have"
        raise Unfit(f"{text[:200]!r} {what}", what)
    return text


SocketPath = Annotated[
    str,
    StringConstraints(pattern=r"^/", max_length=4095),
    AfterValidator(_check_socket),
    Expect('the path of a unix socket, such as "/run/app/app.sock"'),
]
StoreAddress = Annotated[
    str,
    StringConstraints(pattern=rf"^/|{LISTEN_PATTERN}", max_length=4095),
    AfterValidator(lambda text: _check_socket(text) if text.startswith("/") else _check_listen(text)),
    Expect('an IP address and a port, or a unix socket, such as "127.0.0.1:6379" or "/run/redis/redis.sock"'),
]
INSTANCE = "%i"
"""What systemd replaces by the name of an instance."""


def _check_instance_listen(text: str) -> str:
    """What replaces `%i` is judged once the names are known."""
    return text if INSTANCE in text else _check_listen(text)


ListenOfInstances = Annotated[
    str,
    StringConstraints(pattern=r"^(\[([0-9a-fA-F:.]|%i)+\]|([0-9.]|%i)+|\*):([0-9]|%i){1,5}$", max_length=100),
    AfterValidator(_check_instance_listen),
    Expect(
        'an IP address and a port (1 to 65535), such as "127.0.0.1:8000", "[::1]:8000" or "*:8000"; of a template '
        'with the name of the instance, such as "127.0.0.1:810%i"'
    ),
]


def explain_bad_listen(text: str) -> str:
    """Why a text is not an address and a port, or ''."""
    if not re.fullmatch(LISTEN_PATTERN, text):
        return f"{text[:200]} is not an IP address and port"
    try:
        _check_listen(text)
    except ValueError as error:
        return str(error)
    return ""


def _must_be(holds: Callable[[str], bool], expected: str) -> AfterValidator:
    def check(text: str) -> str:
        if not holds(text):
            raise ValueError(f"{text!r} is no {expected}")
        return text

    return AfterValidator(check)


HostAddress = Annotated[
    str, _must_be(endpoints.is_address, "host name or IP address"), Expect("a host name or an IP address")
]
Account = Annotated[
    str,
    _must_be(endpoints.is_account, "account name (letters, digits and _ . @ -)"),
    Field(json_schema_extra={"pattern": rf"^{endpoints.ACCOUNT}$"}),
    Expect("the name of an account: letters, digits and _ . @ -"),
]
"""The name of an account that someone logs in with."""
UnitAccount = Annotated[
    str,
    StringConstraints(pattern=r"^([A-Za-z0-9_%][A-Za-z0-9_.@%-]{0,253}\$?)?$"),
    Expect('the name of an account, or its number in quotes, such as "app" or "1000"'),
]
"""A user or group as a unit names it, perhaps by number or with specifiers. Empty: none is named."""
TcpPort = Annotated[Number, Field(ge=1, le=endpoints.PORTS[-1])]
Mode = Annotated[str, StringConstraints(pattern=r"^0?[0-7]{3,4}$"), Expect('a file mode, such as "0644"')]


Setting = Annotated[str, StringConstraints(min_length=1), Expect("text in quotes, not empty")]
"""A value written as systemd reads it. Rendering refuses line breaks in it: a pattern for each key would cost more
time.
"""
Choice = Annotated[Switch | Setting, Expect("true, false or one of the words that systemd has for it")]
"""yes, no, or one of the words that systemd knows for it."""
MarkedPath = Annotated[
    str,
    StringConstraints(pattern=r"^[-+]{0,2}[/%~]", max_length=4095),
    Plain,
    Expect('an absolute path, optionally with - or + in front, such as "-/srv/data"'),
]
"""A path before which `-` (it may be missing) or `+` (below the service's own root) may stand."""

NeededPath = Annotated[
    str, StringConstraints(pattern=r"^[/%]", max_length=4095), Plain, Expect('an absolute path, such as "/srv/data"')
]
"""A path, which may begin with a specifier: `%t/x`."""


def says(directive: str, default: Any = None, *, section: str = "") -> Any:  # noqa: ANN401 - as pydantic's Field
    """The field of a key that sets one directive of systemd. Nothing is written if it has its default. `section`: if it
    is neither that of the key's table nor that of the unit's type.
    """
    return Field(default=default, json_schema_extra={"directive": directive, "section": section})


class Node(BaseModel):
    """A table of a registry file. Unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=False)


PART = ConfigDict(defer_build=True)
"""For a table that occurs only inside others: pydantic builds no validator for it alone, which would take as long as
the rest.
"""
