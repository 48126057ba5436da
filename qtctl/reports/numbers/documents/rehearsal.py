"""Where the numbers of a rehearsal come from."""

from qtctl.reports.numbers.rules import SCHEMA, Document, seen, split_keys
from qtctl.reports.numbers.shared import list_check_numbers, list_total_numbers

DOCUMENT = Document(
    "rehearsal",
    "qtctl rehearse",
    split_keys(
        "qtctl_version fleet host evidence_at suite before before_said gate conclusion totals took_s steps "
        "plan refusals not_modelled checks"
    ),
    split_keys("schema_version"),
    (
        SCHEMA,
        seen("/took_s", "seconds from the boot to the removal of the throwaway host", "/suite"),
        seen("/steps/*/took_s", "seconds that the step took", "/steps/{0}", "kind", "subject"),
        *list_check_numbers("/steps/*", "findings"),
        *list_total_numbers(rows=("checks",)),
        *list_check_numbers("", "checks"),
    ),
    at="evidence_at",
)
