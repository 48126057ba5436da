"""Where the numbers of a deploy come from."""

from qtctl.reports.numbers.rules import SCHEMA, Document, said, seen, split_keys
from qtctl.reports.numbers.shared import list_check_numbers

DOCUMENT = Document(
    "deploy",
    "qtctl deploy",
    split_keys(
        "qtctl_version fleet host address status exit_code reason refusals steps outstanding restarting "
        "failures unverified left worse failed_before not_run_again generation plan_digest warnings"
    ),
    split_keys("schema_version"),
    (
        SCHEMA,
        said("/exit_code", "the exit code of the command, which follows from the status"),
        seen("/generation", "the number that the host gave to this deploy", "/host"),
        seen("/steps/*/took_s", "seconds that the step took", "/steps/{0}", "kind", "subject"),
        *list_check_numbers("", "outstanding"),
    ),
    at="",
)
