"""QT103: what is found, and what is not."""

from tests.lint.case import API, FEED, FLEET, Case, E, W, after

CASES: tuple[Case, ...] = (
    Case(
        "a circle",
        (("QT103", E, "services/api.toml:16", "api", "small-api.service after small-feed.service after small-api"),),
        {FEED: after('writes = ["s:mode"]\n', "[order]", 'after = ["api"]')},
    ),
    Case(
        "a circle through before",
        (("QT103", E, "services/api.toml:16", "api", "ordered after itself"),),
        {API: ('after = ["feed"]', 'after = ["feed"]\nbefore = ["feed"]')},
    ),
    Case(
        "a circle through what targets imply",
        (("QT103", E, "services/api.toml:16", "api", "small-core.target after small-api.service"),),
        {API: ('after = ["feed"]', 'after = ["late"]')},
        {"targets.toml": '[core]\nsummary = "All"\n\n[late]\nsummary = "Late"\norder.after = ["core"]\n'},
    ),
    Case("a target ordered before its member", edits={API: ('after = ["feed"]', 'after = ["feed", "core"]')}),
    Case(
        "requires without after",
        (("QT103", W, "services/feed.toml:14", "feed", "requires small-api.service and is not ordered after it"),),
        {FEED: after('writes = ["s:mode"]\n', "[order]", 'requires = ["api"]'), API: ('after = ["feed"]', "")},
    ),
    Case("requires with after", edits={API: ('after = ["feed"]', 'after = ["feed"]\nrequires = ["feed"]')}),
    Case(
        "binds to something external",
        (("QT103", W, "services/api.toml:17", "api", "binds_to nginx.service"),),
        {API: ('after = ["feed"]', 'after = ["feed"]\nbinds_to = ["nginx.service"]')},
    ),
    Case(
        "required by the defaults",
        (("QT103", W, "fleet.toml:11", "api and 1 more", "requires redis-server.service"),),
        {FLEET: ('{ after = ["redis-server"], wants = ["redis-server"] }', '{ requires = ["redis-server"] }')},
    ),
)
