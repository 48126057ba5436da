"""Where the numbers of adopted drift come from."""

from qtctl.reports.numbers.rules import SCHEMA, Document, seen

DOCUMENT = Document(
    "drift",
    "qtctl adopt drift",
    frozenset(("qtctl_version", "host", "address", "generation", "written", "drifts", "files", "unread")),
    frozenset(("schema_version",)),
    (SCHEMA, seen("/generation", "the deploy that changes are counted from", "/host")),
    at="",
)
