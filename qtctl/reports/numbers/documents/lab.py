"""A list of lab hosts has no number but its version."""

from qtctl.reports.numbers.rules import SCHEMA, Document, keys

DOCUMENT = Document("lab", "qtctl lab list", keys("schema_version hosts"), keys(""), (SCHEMA,), about="", at="")
