"""Where the numbers of a service catalogue come from."""

from qtctl.reports.numbers.rules import SCHEMA, Document, Items, count, declared, is_set, seen, split_keys

_ENTRY = "/catalogue/{0}"
DOCUMENT = Document(
    "catalogue",
    "qtctl report catalogue",
    split_keys("fleet host taken_at unreachable fail_on verdict totals catalogue"),
    split_keys("schema_version"),
    (
        SCHEMA,
        count("/totals/entries", "services", Items("/catalogue/*")),
        count("/totals/by_category/*", "services whose category is {0}", Items("/catalogue/*", {"category": "{0}"})),
        count("/totals/by_declared/*", "services that are declared {0}", Items("/catalogue/*", {"declared": "{0}"})),
        count(
            "/totals/without_owner",
            "declared services without a declared owner",
            Items("/catalogue/*", {"owner": "", "declared_in": is_set}),
        ),
        seen("/catalogue/*/pid", "its main process", _ENTRY, "unit"),
        seen("/catalogue/*/up_s", "seconds for which it had been up", _ENTRY, "unit"),
        seen("/catalogue/*/restarts", "how often systemd restarted it", _ENTRY, "unit"),
        declared("/catalogue/*/ports/*/port", "a declared port", f"{_ENTRY}/ports/{{1}}", "name", "address"),
        seen(
            "/catalogue/*/consumes/*/lag",
            "entries that the group has not received yet",
            f"{_ENTRY}/consumes/{{1}}",
            "stream",
            "group",
        ),
        declared(
            "/catalogue/*/consumes/*/max_lag",
            "the lag that the group may have",
            f"{_ENTRY}/consumes/{{1}}",
            "stream",
            "group",
        ),
    ),
)
