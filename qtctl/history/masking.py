"""Keeps secrets out of snapshots: literals that a registry holds, and whatever looks like one, are hidden."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from qtctl.dialects.arguments import find_argument_spans, mask_arguments, mask_lines
from qtctl.dialects.secrets import HIDDEN, find_secret_kind, is_harmless, is_secret_name, mask_message
from qtctl.model.desired import Desired, DesiredService

SHORTEST = 4
"""Characters. Shorter ones occur everywhere, and protect nothing."""
_COMMANDS = ("argv", "exec_start")
"""Keys of evidence that contain the words of a command."""


def find_literals(desired: Desired) -> tuple[str, ...]:
    """The secrets in what is declared, longest first, so that no part of one remains."""
    found = {literal for each in (*desired.services, *desired.templates) for literal in _list_service_secrets(each)}
    found |= {literal for each in desired.dropins for literal in _list_env_secrets(each.unit_env)}
    return tuple(sorted((each for each in found if len(each) >= SHORTEST), key=lambda each: (-len(each), each)))


def _list_service_secrets(service: DesiredService) -> Iterator[str]:
    yield from _list_env_secrets((*service.env, *service.unit_env))
    commands = (service.argv, *service.loaded, *(each.argv for each in service.commands))
    for words in commands:
        for word, spans in zip(words, find_argument_spans(words), strict=True):
            yield from (word[start:end].strip("\"'") for start, end, _ in spans)
    for key, value in service.settings:
        if key == "SetCredential":
            yield value.partition(":")[2]


def _list_env_secrets(env: Collection[tuple[str, str]]) -> Iterator[str]:
    for name, value in env:
        if (is_secret_name(name) and not is_harmless(value)) or find_secret_kind(value):
            yield value


def holds_secret(content: bytes, literals: Collection[str]) -> bool:
    text = content.decode(errors="replace")
    return any(each in text for each in literals) or mask_message(text) != text


def hide_text(text: str, literals: Collection[str]) -> str:
    """A file of the registry, as it may be stored."""
    for each in literals:
        text = text.replace(each, HIDDEN)
    return mask_lines(text)


def hide(value: Any, literals: Collection[str], name: str = "") -> Any:  # noqa: ANN401 - whatever JSON has
    """A JSON value, as it may be stored. Only texts are changed, and they keep their place."""
    if isinstance(value, str):
        return _hide_one(value, literals)
    if isinstance(value, Mapping):
        return {_hide_one(key, literals): hide(each, literals, key) for key, each in value.items()}
    if isinstance(value, list | tuple):
        words = name in _COMMANDS and all(isinstance(each, str) for each in value)
        return [hide(each, literals, name) for each in (mask_arguments(value) if words else value)]
    return value


def _hide_one(text: str, literals: Collection[str]) -> str:
    for each in literals:
        if each in text:
            text = text.replace(each, HIDDEN)
    return mask_message(text)
