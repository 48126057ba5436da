"""Where the numbers of a backup come from."""

from qtctl.reports.numbers.rules import SCHEMA, Document, keys, seen

DOCUMENT = Document(
    "backup",
    "qtctl backup show",
    keys("qtctl_version backup entries units"),
    keys("schema_version"),
    (SCHEMA, seen("/backup/bytes", "bytes of all contents of the backup", "/backup", "file")),
    about="backup/host",
    at="backup/taken_at",
)
