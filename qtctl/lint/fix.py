"""Fixes of registry files that are certain. Only a second lint shows whether a fix helped."""

from collections.abc import Iterator, Mapping

from qtctl.dialects.toml.edit import add_item, remove_key
from qtctl.dialects.toml.read import read
from qtctl.errors import InputError
from qtctl.findings.finding import Fix


def apply_fix(files: Mapping[str, bytes], fix: Fix) -> dict[str, bytes]:
    """The files with the fix. InputError if the text cannot be edited without losing its layout."""
    text = files[fix.file].decode("utf-8")
    edited = add_item(text, fix.path, fix.value) if fix.value else remove_key(text, fix.path)
    return {**files, fix.file: edited.encode()}


def find_fixes_of_errors(files: Mapping[str, bytes]) -> Iterator[tuple[str, Fix]]:
    """Rule id and fix of each error that keeps a registry from loading: `persistent` that does nothing (QT112)."""
    for name, timer in _parse_tables(files.get("timers.toml", b"")).items():
        if isinstance(timer, dict) and timer.get("persistent") is True and not timer.get("on_calendar"):
            yield "QT112", Fix("timers.toml", (name, "persistent"), "", f"persistent of {name} taken out")


def _parse_tables(content: bytes) -> dict[str, object]:
    try:
        return read(content, "")
    except InputError:
        return {}
