"""A list of secrets has no number but its version."""

from qtctl.reports.numbers.rules import SCHEMA, Document, split_keys

DOCUMENT = Document(
    "secrets",
    "qtctl secrets status",
    split_keys("qtctl_version fleet host address secrets"),
    split_keys("schema_version"),
    (SCHEMA,),
    at="",
)
