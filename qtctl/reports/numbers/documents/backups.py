"""Where the numbers of a list of backups come from."""

from qtctl.reports.numbers.rules import SCHEMA, Document, keys, seen

DOCUMENT = Document(
    "backups",
    "qtctl backup list",
    keys("qtctl_version backups problems"),
    keys("schema_version"),
    (SCHEMA, seen("/backups/*/bytes", "bytes of all contents of the backup", "/backups/{0}", "file")),
    about="",
    at="",
)
