"""A list of secrets has no number but its version."""

from qtctl.reports.numbers.rules import SCHEMA, Document

DOCUMENT = Document(
    "secrets",
    "qtctl secrets status",
    frozenset(("qtctl_version", "fleet", "host", "address", "secrets")),
    frozenset(("schema_version",)),
    (SCHEMA,),
    at="",
)
