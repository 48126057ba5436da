"""Where the numbers of a plan come from."""

from qtctl.reports.numbers.rules import SCHEMA, Document, said, split_keys

DOCUMENT = Document(
    "plan",
    "qtctl plan",
    split_keys(
        "qtctl_version fleet host address registry machine nonce digest choices conclusion exit_code refusals "
        "steps notes"
    ),
    split_keys("schema_version"),
    (SCHEMA, said("/exit_code", "the exit code of the command, which follows from the conclusion")),
    at="",
)
