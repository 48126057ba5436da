"""Where the numbers of a check of snapshots come from."""

from qtctl.reports.numbers.rules import SCHEMA, Document, seen, split_keys
from qtctl.reports.numbers.shared import list_check_numbers, list_total_numbers

DOCUMENT = Document(
    "snapshot-check",
    "qtctl snapshot verify",
    split_keys("qtctl_version store generated_at hosts gate conclusion totals findings"),
    split_keys("schema_version held"),
    (
        SCHEMA,
        seen("/hosts/*", "snapshots of {0} in the store that could be read", "/store"),
        *list_total_numbers(rows=("findings",)),
        *list_check_numbers("", "findings"),
    ),
    about="store",
    at="generated_at",
)
