"""Where the numbers of an operator's action come from."""

from qtctl.reports.numbers.rules import SCHEMA, Document, said, split_keys

DOCUMENT = Document(
    "control",
    "qtctl start, stop, restart …",
    split_keys("qtctl_version verb reason exit_code hosts"),
    split_keys("schema_version"),
    (SCHEMA, said("/exit_code", "the exit code of the command, from how the action ended on each host")),
    about="verb",
    at="",
)
