"""QT103: what is found, and what is not."""

from tests.builders.registry import SMALL
from tests.lint.case import API, FEED, FLEET, Case, E, I, W, after

CASES: tuple[Case, ...] = (
    Case(
        "a whole unit name that reads like a service, and is none's",
        (("QT103", I, "services/feed.toml:14", "feed", "which nothing declares: it is not small-api.service"),),
        {FEED: after('writes = ["s:mode"]\n', "[order]", 'after = ["api.service", "nginx.service"]')},
    ),
    Case(
        "the same name, declared as somebody else's",
        edits={FEED: after('writes = ["s:mode"]\n', "[order]", 'after = ["api.service"]')},
        files={"externals.toml": SMALL["externals.toml"] + '[theirs]\nsummary = "Theirs"\nunit = "api.service"\n'},
    ),
    Case(
        "what is required is on another host",
        (("QT103", E, "services/api.toml:17", "api", "requires small-feed.service, which is not declared for box"),),
        {
            API: ('after = ["feed"]', 'after = ["feed"]\nrequires = ["feed"]'),
            FEED: ('state = "running"', 'state = "running"\nhosts = ["other"]'),
        },
        {"hosts.toml": SMALL["hosts.toml"] + SMALL["hosts.toml"].replace("[box]", "[other]")},
    ),
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
    Case(
        "before what the boot begins with",
        (("QT103", E, "services/feed.toml:14", "feed", "small-feed.service after sysinit.target after small-feed"),),
        {FEED: after('writes = ["s:mode"]\n', "[order]", 'before = ["sysinit.target"]')},
    ),
    Case(
        "before what that begins with",
        (("QT103", E, "services/feed.toml:14", "feed", "after sysinit.target after local-fs.target after small-feed"),),
        {FEED: after('writes = ["s:mode"]\n', "[order]", 'before = ["local-fs.target"]')},
    ),
    Case(
        "a socket after a service",
        (("QT103", E, "sockets.toml:5", "door", "small-door.socket after small-feed.service after basic.target"),),
        files={
            "sockets.toml": '[door]\nsummary = "Door"\nservice = "api"\nlisten = ["stream /run/door"]\n'
            'order.after = ["feed"]\n'
        },
    ),
    Case(
        "before what the boot begins with, and without its order",
        edits={
            FEED: after(
                'writes = ["s:mode"]\n',
                "[order]",
                'before = ["sysinit.target"]',
                "[manager]",
                "default_dependencies = false",
            )
        },
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
    *(
        Case(f"ordered without being told: {name}", edits=edits, files=files)
        for name, edits, files in (
            (
                "bound to the target that starts it",
                {FEED: after('writes = ["s:mode"]\n', "[order]", 'binds_to = ["core"]')},
                {},
            ),
            (
                "the target of its target",
                {FEED: after('writes = ["s:mode"]\n', "[order]", 'requires = ["all"]')},
                {"targets.toml": '[core]\nsummary = "Core"\nwithin = "all"\n[all]\nsummary = "All"\n'},
            ),
            (
                "the target of its [Install]",
                {
                    FEED: after(
                        'writes = ["s:mode"]\n',
                        "[install]",
                        'wanted_by = ["x.target"]',
                        "[order]",
                        'binds_to = ["x.target"]',
                    )
                },
                {},
            ),
            (
                "the journal's socket",
                {FEED: after('writes = ["s:mode"]\n', "[order]", 'requires = ["systemd-journald.socket"]')},
                {},
            ),
            (
                "a socket of another name",
                {FEED: after('writes = ["s:mode"]\n', "[order]", 'requires = ["small-inlet.socket"]')},
                {"sockets.toml": '[inlet]\nsummary = "Inlet"\nlisten = ["stream /run/s"]\nservice = "feed"\n'},
            ),
            (
                "after one that is after it",
                {
                    API: ('after = ["feed"]', 'after = ["feed"]\nwants = ["feed"]\nrequires = ["n.service"]'),
                    FEED: after('writes = ["s:mode"]\n', "[order]", 'after = ["n.service"]'),
                },
                {},
            ),
        )
    ),
    Case(
        "a target that does not start it",
        (("QT103", W, "services/feed.toml:14", "feed", "requires network-online.target and is not ordered after it"),),
        {FEED: after('writes = ["s:mode"]\n', "[order]", 'requires = ["network-online.target"]')},
    ),
    Case(
        "a circle of two that stop each other",
        edits={FEED: after('writes = ["s:mode"]\n', "[order]", 'after = ["api"]', 'conflicts = ["api"]')},
    ),
    Case(
        "a circle that does not need the two that stop each other",
        (("QT103", E, "services/a.toml:7", "a", "small-a.service after small-b.service after small-a.service"),),
        files={
            f"services/{name}.toml": f'summary = "{name}"\nstate = "stopped"\n[run]\nkind = "command"\n'
            f'argv = ["/x"]\n[order]\nafter = {after_}\n{more}'
            for name, after_, more in (
                ("a", '["b", "c"]', 'conflicts = ["c"]\n'),
                ("b", '["a"]', ""),
                ("c", '["a"]', ""),
            )
        },
    ),
)
