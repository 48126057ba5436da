"""Where the numbers of a list of backups come from."""

from qtctl.reports.numbers.rules import SCHEMA, Document, seen

DOCUMENT = Document(
    "backups",
    "qtctl backup list",
    frozenset(("qtctl_version", "backups", "problems")),
    frozenset(("schema_version",)),
    (SCHEMA, seen("/backups/*/bytes", "bytes of all contents of the backup", "/backups/{0}", "file")),
    about="",
    at="",
)
