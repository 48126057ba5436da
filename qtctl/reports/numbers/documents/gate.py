"""Where the numbers of a gate come from."""

from qtctl.reports.numbers.rules import SCHEMA, Document, split_keys
from qtctl.reports.numbers.shared import list_check_numbers, list_total_numbers

DOCUMENT = Document(
    "gate",
    "qtctl gate",
    split_keys("qtctl_version fleet registry judged_at hosts fail_on conclusion steps"),
    split_keys("schema_version"),
    (
        SCHEMA,
        *list_total_numbers("/steps/*", ("findings",), ("condensed", "findings/0")),
        *list_check_numbers("/steps/*", "findings"),
    ),
    about="registry",
    at="judged_at",
)
