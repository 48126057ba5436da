"""Where the numbers of the plans of several hosts come from."""

from qtctl.reports.numbers.rules import SCHEMA, Document, said, split_keys

DOCUMENT = Document(
    "fleet-plan",
    "qtctl plan --host A,B",
    split_keys("qtctl_version fleet nonce choices exit_code batches hosts plans"),
    split_keys("schema_version"),
    (SCHEMA, said("/exit_code", "the exit code of the command, which follows from the conclusions")),
    about="",
    at="",
)
