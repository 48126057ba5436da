"""A list of lab hosts has no number but its version."""

from qtctl.reports.numbers.rules import SCHEMA, Document

DOCUMENT = Document(
    "lab", "qtctl lab list", frozenset(("schema_version", "hosts")), frozenset(), (SCHEMA,), about="", at=""
)
