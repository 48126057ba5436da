"""Where the numbers of an audit come from."""

from qtctl.reports.numbers.rules import SCHEMA, Document, Number, split_keys
from qtctl.reports.numbers.shared import list_baseline_numbers, list_check_numbers, list_total_numbers


def list_audit_numbers(prefix: str = "") -> tuple[Number, ...]:
    lists = ("findings", "unknowns", "not_asked", "checks")
    return (
        *list_total_numbers(prefix),
        *list_baseline_numbers(f"{prefix}/baseline"),
        *(each for name in lists for each in list_check_numbers(prefix, name)),
    )


DOCUMENT = Document(
    "audit",
    "qtctl audit",
    split_keys(
        "qtctl_version fleet host address transport user taken_at fail_on verdict totals baseline findings unknowns"
    ),
    split_keys("schema_version not_asked held checks selection unreachable fault"),
    (SCHEMA, *list_audit_numbers()),
)
