"""Where the numbers of an audit of several hosts come from."""

from qtctl.reports.numbers.documents.audit import list_audit_numbers
from qtctl.reports.numbers.rules import SCHEMA, Document, Items, add, count, said, split_keys
from qtctl.reports.numbers.shared import LISTS, list_check_numbers, list_total_numbers

_VERDICTS = {"as_declared": "as-declared", "incomplete": "incomplete", "not_as_declared": "not-as-declared"}
_SUMS = {
    "checks": "total",
    "holds": "holds",
    "broken": "broken",
    "unknown": "unknown",
    "not_asked": "not_asked",
    "waived": "waived",
}
DOCUMENT = Document(
    "fleet-audit",
    "qtctl audit --host A,B",
    split_keys("hosts totals verdict"),
    split_keys("schema_version first shared compared not_examined"),
    (
        SCHEMA,
        said("/hosts/*/schema_version", "the version of this part's format"),
        count("/totals/hosts", "hosts that were asked", Items("/hosts/*", label=("host",))),
        *(
            count(
                f"/totals/{name}",
                f"hosts whose verdict is {word}",
                Items("/hosts/*", {"verdict": word}, label=("host",)),
            )
            for name, word in _VERDICTS.items()
        ),
        *(
            add(
                f"/totals/{name}",
                f"the checks of all hosts, and those that compare them: {of}",
                Items("/hosts/*", number=f"totals/{of}", label=("host",)),
                Items("/compared", number=f"totals/{of}"),
            )
            for name, of in _SUMS.items()
        ),
        *list_audit_numbers("/hosts/*"),
        *list_total_numbers("/compared"),
        *(each for name in LISTS for each in list_check_numbers("/compared", name)),
    ),
    about="",
    at="",
)
