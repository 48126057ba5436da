"""A compose healthcheck → the health URL of a port, if curl or wget asks the container itself for a status."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from qtctl.adopt.compose_keys import format_span
from qtctl.adopt.compose_reading import Reading
from qtctl.dialects.compose import shell
from qtctl.dialects.compose.units import parse_nanoseconds
from qtctl.dialects.secrets import find_secret_spans

_ITSELF: Final = ("localhost", "127.0.0.1", "::1", "0.0.0.0")  # noqa: S104 - where a container asks itself
_HTTP: Final = 80
_LONGEST_NS: Final = 10**10
_NO_MATTER: Final = re.compile(
    r"(\s*([12]?>\s*/dev/null|[12]?>&[12]|&>\s*/dev/null))*\s*(\|\|\s*(exit\s+[1-9]\d*|false)\s*)?"
)
"""Shell syntax after a command that does not change its meaning: output is dropped, and failure stays failure."""
_PATH: Final = re.compile(r"/[!-\[\]-~]*")


@dataclass(frozen=True, slots=True)
class _Program:
    """Options that do not affect whether a status is good: letters, words, and those with a value."""

    letters: frozenset[str]
    words: frozenset[str]
    letters_with_value: frozenset[str]
    words_with_value: frozenset[str]


_PROGRAMS: Final = {
    "curl": _Program(
        frozenset("fsSLkgqI46"),
        frozenset(("fail", "silent", "show-error", "location", "insecure", "globoff", "head", "fail-with-body")),
        frozenset("omw"),
        frozenset(("output", "max-time", "connect-timeout", "retry", "retry-delay", "write-out")),
    ),
    "wget": _Program(
        frozenset("qSnvc46"),
        frozenset(("quiet", "no-verbose", "spider", "no-check-certificate", "server-response")),
        frozenset("OtT"),
        frozenset(("output-document", "tries", "timeout")),
    ),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """The port inside the container, and the path with its query."""

    port: int
    path: str


def read_healthcheck(reading: Reading) -> None:
    """The ports have been read. Whatever a health URL cannot express is a line of the report."""
    check = reading.values.get("healthcheck") or {}
    test = [str(each) for each in check.get("test") or ()]
    if check.get("disable") or test[:1] == ["NONE"]:
        reading.leave("turns off the check of the image", *reading.list_unsettled("healthcheck"))
        return
    asked = find_asked(test, (reading.name, str(reading.values.get("container_name") or "")))
    key = _find_port(reading, asked.port) if asked else ""
    if asked and key:
        _put(reading, key, asked, str(check.get("timeout") or ""))
        return
    why = "is a check that a health URL cannot express"
    if asked:
        why = f"asks port {asked.port} inside the container, which is not published"
    to_do = "give a port health, or write a check in checks.toml"
    reading.leave(why, *reading.list_unsettled("healthcheck"), to_do=to_do)


def _put(reading: Reading, key: str, asked: Asked, timeout: str) -> None:
    attributes = reading.list_unsettled("healthcheck")
    said = [each for each in attributes if each.partition("[")[0] == "healthcheck.test"]
    reading.put(f"ports.{key}.health.path", asked.path, *said)
    if "healthcheck.timeout" in attributes and 0 < parse_nanoseconds(timeout) <= _LONGEST_NS:
        reading.put(f"ports.{key}.health.within", format_span(timeout), "healthcheck.timeout")
    reading.leave("needs no key: an audit asks when it runs", *reading.list_unsettled("healthcheck"))


def _find_port(reading: Reading, target: int) -> str:
    """The key of the port published for one of the container's ports: the first, if there are several."""
    published = {
        str(port.get("published") or "")
        for port in reading.service.get("ports") or ()
        if str(port.get("target")) == str(target) and str(port.get("protocol") or "tcp") == "tcp"
    }
    for key, port in reading.table.get("ports", {}).items():
        if "protocol" not in port and port["listen"].rpartition(":")[2] in published:
            return str(key)
    return ""


def find_asked(test: Sequence[str], names: Collection[str] = ()) -> Asked | None:
    """What is asked of the container itself, which also has the names `names`; None if it is more than a status."""
    words = _split_words(test)
    program = _PROGRAMS.get(words[0].rpartition("/")[2]) if words else None
    if program is None:
        return None
    urls = list(_list_urls(program, words[1:]))
    return _parse(urls[0], names) if len(urls) == 1 else None


def _split_words(test: Sequence[str]) -> tuple[str, ...]:
    kind, *rest = test or ("",)
    if kind == "CMD":
        return tuple(rest)
    found = shell.split(rest[0]) if kind == "CMD-SHELL" and len(rest) == 1 else None
    return found[0] if found is not None and _NO_MATTER.fullmatch(found[1]) else ()


def _list_urls(program: _Program, words: Sequence[str]) -> Iterator[str]:
    """The URLs in the words; '' for an option that asks something else."""
    rest = iter(words)
    for word in rest:
        if not word.startswith("-"):
            yield word
            continue
        takes_value = _takes_value(program, word)
        if takes_value is None:
            yield ""
        elif takes_value:
            next(rest, "")


def _takes_value(program: _Program, option: str) -> bool | None:
    """Whether the next word belongs to it; None for an option that is not known."""
    if option.startswith("--"):
        word, equals, _ = option.removeprefix("--").partition("=")
        known = word in program.words_with_value or (word in program.words and not equals)
        return word in program.words_with_value and not equals if known else None
    letters = option.removeprefix("-")
    for at, letter in enumerate(letters):
        if letter in program.letters_with_value:
            return at == len(letters) - 1
        if letter not in program.letters:
            return None
    return False


def _parse(url: str, names: Collection[str]) -> Asked | None:
    """None for another host or scheme, for credentials, and for what only a shell could complete."""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        port, host = parts.port, parts.hostname
    except ValueError:
        return None
    if parts.scheme != "http" or "@" in parts.netloc or host not in (*_ITSELF, *filter(None, names)):
        return None
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    plain = _PATH.fullmatch(path) and not {*"$`"} & {*path} and not find_secret_spans(path)
    return Asked(port or _HTTP, path) if plain else None
