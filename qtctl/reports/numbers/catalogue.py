"""The kinds of report, one file each in `documents`, found by folder; and which kind a document is."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from qtctl.dialects.nearest import find_nearest
from qtctl.errors import InputError, Place
from qtctl.reports.numbers import documents
from qtctl.reports.numbers.rules import Document

_NEAR = 2
"""A kind of report is named in the error as the one that was meant if at most this many of its keys are missing."""
HINT = "give it what a command of qtctl wrote with --format json, or evidence of --save"


@cache
def list_documents() -> tuple[Document, ...]:
    names = sorted(module.name for module in iter_modules(documents.__path__))
    return tuple(import_module(f"{documents.__name__}.{name}").DOCUMENT for name in names)


def recognize(document: object, file: str) -> Document:
    """The kind of a report, by its keys. InputError if it is not a report, or has another version of the format."""
    if not isinstance(document, dict):
        raise InputError("not a report of qtctl: it is not a JSON object", hint=HINT, place=Place(file))
    version = document.get("schema_version")
    if not isinstance(version, int) or isinstance(version, bool):
        raise InputError("not a report of qtctl: it has no schema_version", hint=HINT, place=Place(file))
    keys = frozenset(document)
    found = [each for each in list_documents() if each.required <= keys <= each.required | each.optional]
    if version != 1:
        what = f"a report of schema {str(version)[:20]}; this qtctl reads 1"
        raise InputError(what, hint="use the qtctl that wrote it", place=Place(file))
    if len(found) != 1:
        raise InputError(f"not a report of qtctl: {_describe_keys(keys)}", hint=HINT, place=Place(file))
    return found[0]


def _describe_keys(keys: frozenset[str]) -> str:
    """How the keys differ from those of the most similar kind of report."""
    nearest = max(list_documents(), key=lambda each: (len(each.required & keys), -len(each.required - keys)))
    missing, more = sorted(nearest.required - keys), sorted(keys - nearest.required - nearest.optional)
    shared = (nearest.required & keys) - {"schema_version"}
    if len(missing) > _NEAR or len(shared) <= len(missing):
        return "no report has such keys"
    said = [f"it has no {missing[0]}"] if missing else []
    said += [f"it has {more[0][:100]!r}"] if more else []
    return f"for {nearest.command}, {' and '.join(said)}"


def suggest_step(step: str, known: tuple[str, ...]) -> str:
    near = find_nearest(step, known)
    return f"did you mean {near}?" if near else ""
