"""JSON pointers (RFC 6901): a place in a JSON document, as text and as its steps."""

import re
from collections.abc import Iterable, Sequence
from urllib.parse import unquote

from qtctl.errors import InputError

_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")
_ESCAPE = re.compile(r"~(?![01])")
HINT = "write it as /summary/running; ~1 stands for /, ~0 for ~"


def parse_pointer(text: str) -> tuple[str, ...]:
    """The steps of a pointer; '' has none: it is the whole document. InputError if it is not a pointer."""
    if not text:
        return ()
    if not text.startswith("/"):
        raise InputError(f"{text[:100]!r} is not a JSON pointer: it does not begin with /", hint=HINT)
    if _ESCAPE.search(text):
        raise InputError(f"{text[:100]!r} is not a JSON pointer: a ~ is not followed by 0 or 1", hint=HINT)
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in text[1:].split("/"))


def write_pointer(steps: Iterable[str]) -> str:
    return "".join(f"/{step.replace('~', '~0').replace('/', '~1')}" for step in steps)


def step_into(value: object, step: str) -> object:
    """What one step leads to. LookupError if it leads nowhere."""
    if isinstance(value, dict):
        return value[step]
    if isinstance(value, list) and _INDEX.fullmatch(step):
        return value[int(step)]
    raise LookupError(step)


def list_steps(value: object) -> Sequence[str]:
    """The steps that are possible from here."""
    if isinstance(value, dict):
        return tuple(value)
    return tuple(map(str, range(len(value)))) if isinstance(value, list) else ()


def resolve_pointer(document: object, steps: Sequence[str]) -> tuple[tuple[str, ...], object]:
    """The steps as the document spells them, and the value that they lead to. LookupError for a step that leads
    nowhere.

    A step that does not exist may be one of a URI's fragment, where %20 stands for a space.
    """
    taken: list[str] = []
    for step in steps:
        known = next((each for each in (step, unquote(step)) if _leads(document, each)), None)
        if known is None:
            raise LookupError(len(taken))
        document = step_into(document, known)
        taken.append(known)
    return tuple(taken), document


def _leads(value: object, step: str) -> bool:
    try:
        step_into(value, step)
    except LookupError:
        return False
    return True
