"""Pydantic's errors in a document or on the command line, in words: by error type, never by its text."""

from collections.abc import Mapping
from typing import Any

_SHOULD_BE = {
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "bool": "true or false",
    "string": "text",
    "list": "a list",
    "tuple": "a list",
    "dict": "an object",
    "mapping": "an object",
    "dataclass": "an object",
    "model": "an object",
    "none": "null",
    "path": "a path",
    "date": "a date",
    "datetime": "a date and time",
}
"""By the first word of the error's type: `int_parsing`, `int_from_float`."""
_BOUNDS = {
    "greater_than_equal": ("ge", "{} or more"),
    "greater_than": ("gt", "more than {}"),
    "less_than_equal": ("le", "{} or less"),
    "less_than": ("lt", "less than {}"),
}
_FORMS = {
    "missing": "is missing",
    "missing_argument": "is missing",
    "missing_keyword_only_argument": "is missing",
    "extra_forbidden": "is not a key that is known here",
    "unexpected_keyword_argument": "is not a key that is known here",
    "string_too_long": "is too long",
    "string_too_short": "is too short",
    "too_long": "has too many items",
    "too_short": "has too few items",
    "finite_number": "should be a finite number",
    "int_parsing_size": "is too large a number",
}


def describe_problem(detail: Mapping[str, Any]) -> str:
    """Describes one of pydantic's errors, to follow the name of a key: `should be a whole number`, `is missing`."""
    kind, context = str(detail["type"]), detail.get("ctx", {})
    if kind in _FORMS:
        return _FORMS[kind]
    if kind in _BOUNDS:
        key, words = _BOUNDS[kind]
        return f"should be {words.format(context[key])}"
    if kind in ("literal_error", "enum"):
        return f"should be {context['expected']}"
    word = _SHOULD_BE.get(kind.partition("_")[0])
    return f"should be {word}" if word else "is in an invalid form"
