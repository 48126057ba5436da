"""Where the numbers of a backup come from."""

from qtctl.reports.numbers.rules import SCHEMA, Document, seen, split_keys

DOCUMENT = Document(
    "backup",
    "qtctl backup show",
    split_keys("qtctl_version backup entries units"),
    split_keys("schema_version"),
    (SCHEMA, seen("/backup/bytes", "bytes of all contents of the backup", "/backup", "file")),
    about="backup/host",
    at="backup/taken_at",
)
