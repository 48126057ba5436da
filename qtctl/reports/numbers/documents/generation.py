"""Where the numbers of a generation come from."""

from qtctl.reports.numbers.rules import SCHEMA, Document, seen, split_keys

DOCUMENT = Document(
    "generation",
    "qtctl generations show",
    split_keys("qtctl_version host address generations files units"),
    split_keys("schema_version"),
    (
        SCHEMA,
        seen(
            "/generations/*/number", "the number that the host gave to the deploy", "/generations/{0}", "number", "by"
        ),
        seen("/generations/*/steps", "steps of the deploy, as the host keeps them", "/generations/{0}", "number", "by"),
    ),
    at="",
)
