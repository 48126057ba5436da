"""Where the numbers of an overview come from."""

from qtctl.reports.numbers.documents.module_registry import list_infrastructure_numbers, list_summary_numbers
from qtctl.reports.numbers.rules import (
    SCHEMA,
    Document,
    Items,
    count,
    declared,
    is_above,
    is_below,
    said,
    seen,
    split_keys,
)
from qtctl.reports.numbers.shared import list_check_numbers, list_total_numbers

_RECENT_S = 3600
_KINDS = ("targets", "timers", "units", "venvs", "redis_streams", "redis_keys", "ports")
DOCUMENT = Document(
    "overview",
    "qtctl report overview",
    split_keys(
        "qtctl_version fleet host address taken_at fail_on verdict unreachable infrastructure summary groups "
        "services critical restarts resources totals held findings unknowns not_asked inventory"
    ),
    split_keys("schema_version"),
    (
        SCHEMA,
        *list_summary_numbers("/services/*", {name: f"/inventory/{name}/*" for name in _KINDS}),
        count("/groups/*/services", "services of the group", Items("/services/*", {"group": "=/groups/{0}/group"})),
        count(
            "/groups/*/by_category/*",
            "services of the group whose category is {1}",
            Items("/services/*", {"group": "=/groups/{0}/group", "category": "{1}"}),
        ),
        said("/restarts/recent_s", "seconds: what started later is recent"),
        seen("/restarts/host_up_s", "seconds for which the host has been up", "/infrastructure/host"),
        count(
            "/restarts/recent",
            "services that have been up for less than an hour",
            Items("/services/*", {"up_s": is_below(_RECENT_S)}),
        ),
        count(
            "/restarts/restarted",
            "services that systemd has restarted",
            Items("/services/*", {"restarts": is_above(0)}),
        ),
        declared(
            "/services/*/port", "its port; of an undeclared unit, where it was seen to listen", "/services/{0}", "unit"
        ),
        seen("/services/*/up_s", "seconds for which it had been up", "/services/{0}", "unit"),
        seen("/services/*/memory_bytes", "MemoryCurrent= of the unit", "/services/{0}", "unit"),
        seen("/services/*/memory_max_bytes", "MemoryMax= as systemd has it loaded", "/services/{0}", "unit"),
        seen("/services/*/restarts", "how often systemd restarted it", "/services/{0}", "unit"),
        declared(
            "/resources/*/expected/**", "the threshold, as the registry declares it", "/resources/{0}", "id", "subject"
        ),
        seen("/resources/*/observed/**", "what was measured", "/resources/{0}", "id", "subject"),
        *list_infrastructure_numbers(),
        *list_total_numbers(),
        *(each for name in ("findings", "unknowns", "not_asked") for each in list_check_numbers("", name)),
    ),
)
