"""Where the numbers of adopted drift come from."""

from qtctl.reports.numbers.rules import SCHEMA, Document, seen, split_keys

DOCUMENT = Document(
    "drift",
    "qtctl adopt drift",
    split_keys("qtctl_version host address generation written drifts files unread"),
    split_keys("schema_version"),
    (SCHEMA, seen("/generation", "the deploy that changes are counted from", "/host")),
    at="",
)
