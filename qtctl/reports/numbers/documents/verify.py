"""Where the numbers of a verification come from."""

from qtctl.reports.numbers.rules import SCHEMA, Document, Items, count, declared, said, seen, split_keys
from qtctl.reports.numbers.shared import list_check_numbers

DOCUMENT = Document(
    "verify",
    "qtctl verify",
    split_keys(
        "fleet host tool threshold outcome units verify messages calendar calendars security exposures "
        "findings fail_on conclusion"
    ),
    split_keys("schema_version judged"),
    (
        SCHEMA,
        count("/units", "generated units that were judged", Items("/judged/*")),
        seen("/tool/systemd", "the version of the systemd-analyze that judged", "/tool"),
        declared("/tool/host_systemd", "the version of systemd that the host is declared with", "/host"),
        said("/threshold", "the exposure above which a service is a finding: the option or policy.toml"),
        seen("/messages/*/line", "the line of the generated file that systemd names", "/messages/{0}", "unit", "what"),
        seen(
            "/exposures/*/exposure",
            "how exposed the service is, as systemd-analyze security weighs it",
            "/exposures/{0}",
        ),
        count("/exposures/*/open_items", "items that are open", Items("/exposures/{0}/open/*")),
        seen("/exposures/*/worst/*/exposure", "what the item adds to the exposure", "/exposures/{0}/worst/{1}", "name"),
        *list_check_numbers("", "findings"),
    ),
    at="",
)
