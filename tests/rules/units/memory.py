"""QT105, QT114: what is found, and what is not."""

from tests.lint.case import API, FEED, FLEET, JOBS, RESTART, Case, I, W, after

CASES: tuple[Case, ...] = (
    Case(
        "more memory than there is",
        (("QT105", W, "hosts.toml:5", "box", "2 services that run there adds up to 0.5G (most: api, feed)"),),
        {"hosts.toml": ('memory = "4G"', 'memory = "500M"')},
    ),
    Case("as much as there is", edits={"hosts.toml": ('memory = "4G"', 'memory = "512M"')}),
    Case(
        "what is stopped needs none",
        (("QT104", I, "services/feed.toml:11", "s:tick", "published"),),
        {"hosts.toml": ('memory = "4G"', 'memory = "500M"'), API: ('state = "running"', 'state = "stopped"')},
    ),
    Case(
        "no cap",
        (
            ("QT114", W, "services/api.toml:1", "api", "no memory cap"),
            ("QT114", W, "services/feed.toml:1", "feed", "no"),
        ),
        {FLEET: ('limits = { memory_max = "256M" }\n', "")},
    ),
    Case(
        "no cap, said so",
        (("QT114", W, "services/feed.toml:4", "feed", "no memory cap"),),
        {FEED: ('target = "core"', 'target = "core"\nlimits.memory_max = "infinity"')},
    ),
    *(
        Case(
            f"no cap of {what}",
            (("QT114", severity, "services/feed.toml:4", "feed", "no memory cap"),),
            files={
                FEED: f'summary = "x"\nstate = "running"\ntype = "simple"\nlimits.memory_max = "infinity"\n'
                'run.kind = "command"\n'
                f'run.argv = {argv}\nrestart.restart = "{restart}"\nstreams.publishes = ["s:tick"]\n'
            },
        )
        for what, severity, argv, restart in (
            ("a script that is tried again", I, '["/srv/x.sh"]', "on-failure"),
            ("a shell's script that is tried again", I, '["/bin/bash", "/srv/x"]', "on-abnormal"),
            ("a script that always starts again", W, '["/srv/x.sh"]', "always"),
            ("a program that is tried again", W, '["/srv/x"]', "on-failure"),
        )
    ),
    Case(
        "high above max",
        (("QT114", W, "services/feed.toml:4", "feed", "memory_high above its memory_max"),),
        {FEED: ('target = "core"', 'target = "core"\nlimits.memory_high = "1G"')},
    ),
    Case(
        "a start limit that is never hit",
        (("QT114", W, "fleet.toml:13", "api and 1 more", "can never hit its start limit"),),
        {
            FLEET: after(
                'limits = { memory_max = "256M" }\n',
                RESTART.replace("N", "50"),
            )
        },
    ),
    Case(
        "a start limit that is hit",
        edits={
            FLEET: after(
                'limits = { memory_max = "256M" }\n',
                RESTART.replace("N", "51"),
            )
        },
    ),
    Case(
        "systemd's own start limit",
        (("QT114", W, "services/feed.toml:1", "feed", "can never hit its start limit"),),
        {FEED: ('target = "core"', 'target = "core"\nrestart = { restart = "on-failure", restart_sec = "5s" }')},
    ),
    Case(
        "memory that was guessed",
        edits={"hosts.toml": ('memory = "4G"', 'memory = "500M"\nguessed = ["cpus", "memory"]')},
    ),
    Case(
        "memory that was checked",
        (("QT105", W, "hosts.toml:5", "box", "adds up to 0.5G"),),
        {"hosts.toml": ('memory = "4G"', 'memory = "500M"\nguessed = ["cpus"]')},
    ),
    Case(
        "capped by its slice",
        edits={FEED: ('target = "core"', 'target = "core"\nslice = "all-feeds.slice"\nlimits.memory_max = "infinity"')},
        files={"slices.toml": '[all]\nsummary = "All"\nunit = "all.slice"\nlimits.memory_max = "1G"\n'},
    ),
    Case(
        "a oneshot without a cap",
        (("QT114", I, "services/job.toml:1", "job", "no memory cap"),),
        {
            FLEET: ('limits = { memory_max = "256M" }\n', ""),
            **dict.fromkeys((API, FEED), ('target = "core"', 'target = "core"\nlimits.memory_max = "1G"')),
        },
        JOBS,
    ),
)
