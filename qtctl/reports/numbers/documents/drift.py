"""Where the numbers of adopted drift come from."""

from qtctl.reports.numbers.rules import SCHEMA, Document, keys, seen

DOCUMENT = Document(
    "drift",
    "qtctl adopt drift",
    keys("qtctl_version host address generation written drifts files unread"),
    keys("schema_version"),
    (SCHEMA, seen("/generation", "the deploy that changes are counted from", "/host")),
    at="",
)
