"""Unit names: what systemd accepts, and how paths and other text are escaped into them (unit-name.c)."""

import re

from qtctl.errors import InputError

TYPES = ("service", "socket", "target", "device", "mount", "automount", "swap", "timer", "path", "slice", "scope")
MAX_NAME = 255

_VALID = re.compile(rf"[A-Za-z0-9:_.\\-][A-Za-z0-9:_.\\@-]*\.(?:{'|'.join(TYPES)})")
_KEPT = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz:_.")
_ESCAPE = re.compile(rb"\\x([0-9A-Fa-f]{2})")


def is_valid(name: str) -> bool:
    """Whether `name` is a unit name with its type; templates (`x@.service`) included."""
    return len(name) <= MAX_NAME and _VALID.fullmatch(name) is not None


def check_unit_name(name: str, field: str) -> str:
    """Returns `name` if it is a unit name. InputError names the field."""
    if not is_valid(name):
        raise InputError(
            f"{field}: not the name of a unit: {name!r}", hint="for example redis-server.service", field=field
        )
    return name


def strip_type(name: str) -> str:
    """`name` without its type."""
    return name.rpartition(".")[0] or name


def get_prefix(name: str) -> str:
    """The part before the `@`, or the name without its type."""
    return strip_type(name).partition("@")[0]


def get_instance(name: str) -> str:
    """The part after the `@`; empty for a template, or without `@`."""
    return strip_type(name).partition("@")[2]


def get_template(name: str) -> str:
    """The template of an instance; "" for other names."""
    head, _, own = strip_type(name).partition("@")
    return f"{head}@.{name.rpartition('.')[2]}" if own else ""


def is_template(name: str) -> bool:
    return strip_type(name).endswith("@")


def name_instance(template: str, name: str) -> str:
    """The unit of an instance: `worker@.service` and `1` give `worker@1.service`."""
    prefix, _, type_ = template.rpartition(".")
    return f"{prefix}{name}.{type_}"


def escape(text: str) -> str:
    """`text` as systemd-escape prints it: `/` becomes `-`, other bytes `\\xNN`; a leading dot is escaped."""
    raw = _encode(text)
    return "".join(_escape_byte(byte, first=at == 0) for at, byte in enumerate(raw))


def escape_path(path: str) -> str:
    """An absolute path as systemd-escape --path prints it: the root is `-`."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if not path.startswith("/") or ".." in parts:
        raise InputError(f"not an absolute, normalized path: {path!r}")
    return escape("/".join(parts)) if parts else "-"


def unescape(text: str) -> str:
    """The inverse of `escape`."""
    raw = _ESCAPE.sub(lambda match: bytes((int(match[1], 16),)), _encode(text.replace("-", "/")))
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise InputError(f"not an escaped name: {text!r}") from error


def _encode(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"not Unicode text: {text!r}") from error


def _escape_byte(byte: int, *, first: bool) -> str:
    if byte == ord("/"):
        return "-"
    if byte in _KEPT and not (first and byte == ord(".")):
        return chr(byte)
    return f"\\x{byte:02x}"


_NOT_IN_PATH = re.compile(rb"^[0-9]|[^0-9A-Za-z]")


def make_object_path(unit: str) -> str:
    """The unit's D-Bus object path: every byte but letters and digits is escaped, and so is a leading digit."""
    escaped = _NOT_IN_PATH.sub(lambda found: f"_{found[0][0]:02x}".encode(), unit.encode()).decode()
    return f"/org/freedesktop/systemd1/unit/{escaped or '_'}"
