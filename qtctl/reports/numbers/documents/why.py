"""Where the numbers of an explanation come from: the report that it explains."""

from qtctl.reports.numbers.rules import SCHEMA, Document, said, seen, split_keys

DOCUMENT = Document(
    "why",
    "qtctl why",
    split_keys("file document pointer number how what items total adds_up"),
    split_keys("schema_version about at stands_for_all"),
    (
        SCHEMA,
        said("/number", "the number that was asked about"),
        said("/total", "what its items come to"),
        seen("/items/*/number", "what the item contributes", "/items/{0}", "label"),
    ),
    about="about",
    at="at",
)
