"""Where the numbers of a list of snapshots come from."""

from qtctl.reports.numbers.rules import SCHEMA, Document, seen, split_keys

_ROW = ("/snapshots/{0}", "where", "digest")
DOCUMENT = Document(
    "snapshots",
    "qtctl snapshot list",
    split_keys("qtctl_version store snapshots damaged"),
    split_keys("schema_version"),
    (
        SCHEMA,
        seen("/snapshots/*/number", "the number of the snapshot among those of its host", *_ROW),
        seen("/snapshots/*/bytes", "bytes of its document", *_ROW),
        seen("/snapshots/*/checks/*", "checks that were {1} when it was taken", *_ROW),
        seen("/snapshots/*/counts/*", "rows of kind {1} in it: qtctl snapshot show lists them", *_ROW),
    ),
    about="store",
    at="",
)
