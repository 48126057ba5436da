"""Where the numbers of a list of backups come from."""

from qtctl.reports.numbers.rules import SCHEMA, Document, seen, split_keys

DOCUMENT = Document(
    "backups",
    "qtctl backup list",
    split_keys("qtctl_version backups problems"),
    split_keys("schema_version"),
    (SCHEMA, seen("/backups/*/bytes", "bytes of all contents of the backup", "/backups/{0}", "file")),
    about="",
    at="",
)
