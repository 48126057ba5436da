"""A list of lab hosts has no number but its version."""

from qtctl.reports.numbers.rules import SCHEMA, Document, split_keys

DOCUMENT = Document(
    "lab", "qtctl lab list", split_keys("schema_version hosts"), split_keys(""), (SCHEMA,), about="", at=""
)
