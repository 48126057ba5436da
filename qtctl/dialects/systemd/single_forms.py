"""Forms that values of one directive have, or of a few: what systemd takes of them. Specifiers are not in them."""

import re

from qtctl.dialects.systemd.choices import parse_integer
from qtctl.dialects.systemd.splitting import split_plain_words

_LONGEST_NAME, _LONGEST_BUS_NAME = 255, 255
_NAME = re.compile(r"[^/:\x00-\x1f\x7f-\U0010ffff]+")
_BUS_NAME = re.compile(r"[A-Za-z_-][A-Za-z0-9_-]*(\.[A-Za-z_-][A-Za-z0-9_-]*)+|:[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+")
_ABSOLUTE = re.compile(r"/(?!.*(^|/)\.\.(/|$)).*", re.DOTALL)
_HEX = re.compile(r"([0-9A-Fa-f]{2}){16,}")
_BASE64 = re.compile(r"base64:(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_ATTACHED = frozenset(
    split_plain_words("""
    egress ingress sock_create sock_ops device bind4 bind6 connect4 connect6 post_bind4 post_bind6 sendmsg4 sendmsg6
    sysctl recvmsg4 recvmsg6 getsockopt setsockopt
""")
)
_LOWEST_NICE, _HIGHEST_NICE, _HIGHEST_RAW = 20, 19, 40


def is_root_hash(text: str) -> bool:
    """A path, or at least 16 bytes in hexadecimal digits."""
    return is_absolute_path(text) or _HEX.fullmatch(text) is not None


def is_root_hash_signature(text: str) -> bool:
    return is_absolute_path(text) or _BASE64.fullmatch(text) is not None


def is_bpf_program(text: str) -> bool:
    """TYPE:PATH, where the type says what the program is attached to."""
    attached, _, path = text.partition(":")
    return attached in _ATTACHED and is_absolute_path(path)


def is_bus_name(text: str) -> bool:
    """A well-known name: two parts or more, none of which begins with a digit; or a unique one, such as :1.5."""
    return len(text) <= _LONGEST_BUS_NAME and _BUS_NAME.fullmatch(text) is not None


def is_set_credential(text: str) -> bool:
    """NAME:VALUE; the value may be anything but empty."""
    name, _, value = text.partition(":")
    return bool(value) and is_credential_name(name)


def is_loaded_credential(text: str) -> bool:
    """NAME, or NAME:SOURCE, where the source is a path, or the name of another credential."""
    name, colon, source = text.partition(":")
    return is_credential_name(name) and (not colon or is_absolute_path(source) or is_credential_name(source))


def is_credential_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None and text not in (".", "..") and len(text) <= _LONGEST_NAME


def is_nice_limit(text: str) -> bool:
    """A limit, or SOFT:HARD: nice levels with their sign, or what setrlimit(2) takes: 0 to 40, never infinity."""
    parts = [_read_nice_limit(each) for each in text.split(":", 1)]
    limits = [each for each in parts if each is not None]
    return len(limits) == len(parts) and limits == sorted(limits)


def _read_nice_limit(text: str) -> int | None:
    sign, digits = (text[0], text[1:]) if text[:1] in ("+", "-") else ("", text)
    number = parse_integer(digits) if digits[:1].isdigit() else None
    most = {"+": _HIGHEST_NICE, "-": _LOWEST_NICE, "": _HIGHEST_RAW}[sign]
    if number is None or number > most:
        return None
    return {"+": _LOWEST_NICE - number, "-": _LOWEST_NICE + number, "": number}[sign]


def is_absolute_path(text: str) -> bool:
    """Without `..`, and without the prefixes that paths elsewhere may have, such as `-`."""
    return _ABSOLUTE.fullmatch(text) is not None
