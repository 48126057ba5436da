"""QT104: what is found, and what is not."""

from tests.lint.case import API, FEED, Case, I, W

CASES: tuple[Case, ...] = (
    Case(
        "consumed, never published",
        (("QT104", W, "services/api.toml:18", "s:tick", "nothing that runs publishes it"),),
        {FEED: ('publishes = ["s:tick"]\n', "")},
    ),
    Case(
        "consumed, published by what is stopped",
        (("QT104", W, "services/api.toml:18", "s:tick", "; feed would, and is declared stopped"),),
        {FEED: ('state = "running"', 'state = "stopped"')},
    ),
    Case(
        "published, never consumed",
        (("QT104", I, "services/feed.toml:11", "s:tick", "nothing that runs consumes or reads it"),),
        {API: ('[streams.consumes."s:tick"]\ngroup = "api"\nmax_lag = 10\n', "")},
    ),
    Case(
        "published, and read without a group",
        edits={API: ('[streams.consumes."s:tick"]\ngroup = "api"\nmax_lag = 10\n', '[streams]\nreads = ["s:tick"]\n')},
    ),
)
