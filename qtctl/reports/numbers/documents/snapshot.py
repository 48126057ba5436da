"""Where the numbers of a snapshot come from."""

from qtctl.reports.numbers.rules import SCHEMA, Document, Items, count, seen, split_keys

_HEAD = ("/snapshot", "host", "digest")
DOCUMENT = Document(
    "snapshot",
    "qtctl snapshot show",
    split_keys("qtctl_version snapshot pruned rows"),
    split_keys("schema_version"),
    (
        SCHEMA,
        seen("/snapshot/number", "the number of the snapshot among those of its host", *_HEAD),
        seen("/snapshot/bytes", "bytes of its document", *_HEAD),
        seen("/snapshot/checks/*", "checks that were {0} when it was taken", *_HEAD),
        count("/snapshot/counts/*", "rows of kind {0}", Items("/rows/{0}/*", label=("#0",))),
        seen("/rows/*/*/*", "what the host had, or what was declared for it", "/rows/{0}/{1}"),
    ),
    about="snapshot/host",
    at="snapshot/taken_at",
)
