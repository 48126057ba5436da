"""`web[01:20].example.org:2222` → the names of hosts, and their port."""

import re
import string
from collections.abc import Iterator
from itertools import product

_RANGE = re.compile(r"\[([0-9]*):([0-9]+)(?::([0-9]+))?\]|\[([a-zA-Z]):([a-zA-Z])(?::([0-9]+))?\]")
_PORT = re.compile(r"(?P<name>.+):(?P<port>[0-9]{1,9})")
_IPV6 = re.compile(r"[0-9A-Fa-f.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*")
"""At least two colons, none of which begins a port. With a port the address is in brackets: `[2001:db8::1]:22`."""
MOST = 10_000
_LONGEST = 18
"""The most digits of a number."""


class WrongPattern(ValueError):
    """A pattern that names no hosts, or too many. The message says why."""


def expand_pattern(text: str) -> tuple[tuple[str, ...], str]:
    """The names, and the port after a colon, or ''. WrongPattern if Ansible would not expand the text."""
    outside = _RANGE.sub("", text)
    found = _PORT.fullmatch(text) if ":" in outside and not _IPV6.fullmatch(outside) else None
    name, port = (found["name"], found["port"]) if found else (text, "")
    if port and name.startswith("[") and name.endswith("]") and _IPV6.fullmatch(_RANGE.sub("", name[1:-1])):
        name = name[1:-1]
    parts: list[list[str]] = []
    at, count = 0, 1
    for each in _RANGE.finditer(name):
        options = list(_expand_range(each))
        count *= len(options)
        if count > MOST:
            raise WrongPattern(f"{text[:100]} names more than {MOST} hosts")
        parts += [[name[at : each.start()]], options]
        at = each.end()
    return tuple("".join(each) for each in product(*parts, [name[at:]])), port


def _expand_range(found: re.Match[str]) -> Iterator[str]:
    if found[4]:
        letters = string.ascii_letters
        yield from letters[letters.index(found[4]) : letters.index(found[5]) + 1 : _read_step(found[6])]
        return
    begin, end, step = found[1] or "0", found[2], _read_step(found[3])
    width = len(begin) if begin.startswith("0") and len(begin) > 1 else 0
    if width and width != len(end):
        raise WrongPattern(f"the ends of [{begin[:20]}:{end[:20]}] have different lengths")
    if max(len(begin), len(end)) > _LONGEST or int(end) - int(begin) > MOST * step:
        raise WrongPattern(f"[{begin[:20]}:{end[:20]}] names more than {MOST} hosts")
    for number in range(int(begin), int(end) + 1, step):
        yield str(number).zfill(width)


def _read_step(text: str | None) -> int:
    step = int(text[:_LONGEST]) if text else 1
    if step < 1:
        raise WrongPattern("a range with a step of 0")
    return step
