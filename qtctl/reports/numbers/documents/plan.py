"""Where the numbers of a plan come from."""

from qtctl.reports.numbers.rules import SCHEMA, Document, keys, said

DOCUMENT = Document(
    "plan",
    "qtctl plan",
    keys(
        "qtctl_version fleet host address registry machine nonce digest choices conclusion exit_code refusals "
        "steps notes"
    ),
    keys("schema_version"),
    (SCHEMA, said("/exit_code", "the exit code of the command, which follows from the conclusion")),
    at="",
)
