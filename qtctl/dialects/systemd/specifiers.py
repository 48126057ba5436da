"""What `%i` and the like mean in a unit of a known name (systemd.unit(5)); what only the host knows stays as it is."""

import re

from qtctl.dialects.systemd.unit_name import get_instance, get_prefix, strip_type, unescape
from qtctl.errors import InputError

_OF_ALL = frozenset("BCEGHIJLNPRSTUVWabcfghijlmnoprstuvw")
"""Those that 247 knows."""
_SINCE = {"A": 249, "M": 249, "d": 251, "q": 251, "y": 251, "Y": 251, "D": 256}
_PATHS = frozenset("CDELSTVYdhsty")
"""Those that stand for an absolute path on any host."""
_BY_NAME = frozenset("%nNpPiIjJ")
_BAD_ESCAPE = re.compile(r"\\(?!x[0-9A-Fa-f]{2})")
_SPECIFIER = re.compile(r"%(.)", re.DOTALL)


def expand(text: str, unit: str) -> str:
    """`text` with the specifiers replaced that depend only on the unit's name: %i %I %j %J %n %N %p %P and %%."""
    return _SPECIFIER.sub(lambda found: _resolve(found, unit), text)


def _resolve(found: re.Match[str], unit: str) -> str:
    stem = unit.rpartition(".")[0]
    prefix, instance = get_prefix(unit), get_instance(unit)
    last = prefix.rpartition("-")[2]
    meanings = {
        "%": "%", "n": unit, "N": stem, "p": prefix, "P": unescape(prefix), "i": instance, "I": unescape(instance),
        "j": last, "J": unescape(last),
    }  # fmt: skip
    return meanings.get(found[1], found[0])


def find_unresolved(text: str, unit: str, version: int) -> str:
    """The first specifier that systemd `version` cannot resolve, as `%F`; "" if it resolves all.

    systemd keeps a `%` at the end and before anything but an ASCII letter or digit.
    """
    for found in _SPECIFIER.finditer(text) if "%" in text else ():
        letter = found[1]
        if letter.isascii() and letter.isalnum() and not _can_resolve(letter, unit, version):
            return found[0]
    return ""


def _can_resolve(letter: str, unit: str, version: int) -> bool:
    if letter not in _OF_ALL and version < _SINCE.get(letter, version + 1):
        return False
    if letter == "f":
        return _make_path(unit) != ""
    named = {"I": get_instance, "J": get_prefix, "P": get_prefix}.get(letter)
    return named is None or _unescape(named(unit)) is not None


def _unescape(text: str) -> str | None:
    """None if systemd refuses its escapes."""
    if _BAD_ESCAPE.search(text):
        return None
    try:
        return unescape(text)
    except InputError:
        return None


def _make_path(unit: str) -> str:
    """What %f stands for; "" if systemd makes no path of the name."""
    escaped = get_instance(unit) or strip_type(unit)
    if escaped == "-":
        return "/"
    path = _unescape(escaped)
    return "" if path is None or any(part in ("", ".", "..") for part in path.split("/")) else f"/{path}"


def make_sample(text: str, unit: str) -> str:
    """`text` as it could be on a host: what only the host knows becomes a path, or the letter x."""
    return _SPECIFIER.sub(lambda found: _make_sampled(found, unit), text) if "%" in text else text


def _make_sampled(found: re.Match[str], unit: str) -> str:
    letter = found[1]
    if letter == "f":
        return _make_path(unit)
    if letter in _BY_NAME:
        return _resolve(found, unit)
    if letter in _PATHS:
        return "/x"
    return "x" if letter.isascii() and letter.isalnum() else found[0]
