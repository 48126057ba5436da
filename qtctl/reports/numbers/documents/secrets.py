"""A list of secrets has no number but its version."""

from qtctl.reports.numbers.rules import SCHEMA, Document, keys

DOCUMENT = Document(
    "secrets",
    "qtctl secrets status",
    keys("qtctl_version fleet host address secrets"),
    keys("schema_version"),
    (SCHEMA,),
    at="",
)
