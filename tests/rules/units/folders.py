"""QT116: what is found, and what is not."""

from tests.lint.case import FEED, FLEET, Case, E, I, W, after

CASES: tuple[Case, ...] = (
    Case(
        "env files in a folder that an account owns",
        (("QT116", E, "fleet.toml:4", "env_dir", "is in /srv/app, which folders.toml gives to svc, and root writes"),),
        {FLEET: ('env_dir = "/etc/small"', 'env_dir = "/srv/app/env"')},
        {"folders.toml": '["/srv/app"]\nsummary = "App"\nuser = "svc"\n'},
    ),
    Case(
        "env files in a folder that a group may write",
        (("QT116", E, "fleet.toml:4", "env_dir", "/etc/small is a folder which folders.toml gives to group svc"),),
        files={"folders.toml": '["/etc/small"]\nsummary = "Env"\ngroup = "svc"\nmode = "2770"\n'},
    ),
    Case(
        "env files in a folder that everyone may write",
        (("QT116", E, "fleet.toml:4", "env_dir", "gives to every user"),),
        files={"folders.toml": '["/etc/small"]\nsummary = "Env"\nmode = "1777"\n'},
    ),
    Case(
        "env files in a folder that an account may only read",
        files={"folders.toml": '["/etc/small"]\nsummary = "Env"\ngroup = "svc"\nmode = "0750"\n'},
    ),
    Case(
        "env files beside a folder that an account owns",
        edits={FLEET: ('env_dir = "/etc/small"', 'env_dir = "/srv/app-env"')},
        files={"folders.toml": '["/srv/app"]\nsummary = "App"\nuser = "svc"\n'},
    ),
    Case(
        "env files in a declared home",
        (("QT116", E, "fleet.toml:4", "env_dir", "is in /srv/svc, the home of svc"),),
        {FLEET: ('env_dir = "/etc/small"', 'env_dir = "/srv/svc/env"')},
        {"users.toml": '[svc]\nsummary = "Runs all"\nhome = "/srv/svc"\n'},
    ),
    Case(
        "env files in what is a home by its name",
        (("QT116", E, "fleet.toml:4", "env_dir", "is a home, by its name that of anna, and root"),),
        {FLEET: ('env_dir = "/etc/small"', 'env_dir = "/home/anna"')},
    ),
    Case(
        "env files where all may write",
        (("QT116", E, "fleet.toml:4", "env_dir", "is in /tmp, where every user can make files"),),
        {FLEET: ('env_dir = "/etc/small"', 'env_dir = "/tmp/small"')},
    ),
    Case(
        "env files in the state of a service",
        (("QT116", E, "fleet.toml:4", "env_dir", "gives to svc (StateDirectory= of small-feed.service)"),),
        {
            FLEET: ('env_dir = "/etc/small"', 'env_dir = "/var/lib/feed/env"'),
            FEED: after('writes = ["s:mode"]\n', "[directories]", 'state = ["feed"]'),
        },
    ),
    Case(
        "units in a folder that is given away",
        (("QT116", E, "services/api.toml:1", "small-api.service", "/etc/systemd/system is in /etc/systemd, which"),),
        files={"folders.toml": '["/etc/systemd"]\nsummary = "Mine"\nuser = "svc"\n'},
    ),
    Case(
        "secrets in the service's own home",
        (("QT116", I, "services/feed.toml:14", "feed", "svc could put a link to any file of root's there"),),
        {FEED: after('writes = ["s:mode"]\n', "[secrets]", 'env_file = "/home/svc/feed.env"', 'keys = ["T"]')},
    ),
    Case(
        "secrets in another's home",
        (
            (
                "QT116",
                W,
                "services/feed.toml:14",
                "feed",
                "anna could put a link to any file of root's there, or choose",
            ),
        ),
        {FEED: after('writes = ["s:mode"]\n', "[secrets]", 'env_file = "/home/anna/feed.env"', 'keys = ["T"]')},
    ),
    Case(
        "a credential in the service's own home",
        (("QT116", W, "services/feed.toml:14", "feed", "systemd reads /home/svc/t as root"),),
        {FEED: after('writes = ["s:mode"]\n', "[secrets]", 'credentials = { t = "/home/svc/t" }')},
    ),
    Case(
        "an output in a folder of the service's own account",
        (
            (
                "QT116",
                W,
                "services/feed.toml:14",
                "feed",
                "as root, writes /var/log/feed/out.log, in /var/log/feed, which",
            ),
        ),
        {
            FEED: after(
                'writes = ["s:mode"]\n',
                "[log]",
                'stdout = "append:/var/log/feed/out.log"',
                "[directories]",
                'logs = ["feed"]',
            )
        },
    ),
    Case(
        "an output in a folder of root's",
        edits={FEED: after('writes = ["s:mode"]\n', "[log]", 'stdout = "append:/var/log/feed.log"')},
    ),
    Case(
        "a socket where all may write",
        (("QT116", W, "sockets.toml:3", "feed", "as root, makes /tmp/feed.sock, in /tmp, where every user"),),
        files={"sockets.toml": '[feed]\nsummary = "S"\nlisten = ["stream /tmp/feed.sock"]\n'},
    ),
    Case(
        "a folder of one account in the home of another",
        (("QT116", W, "folders.toml:1", "/home/svc/in", "is other's, in /home/svc, the home of svc: svc could put"),),
        files={
            "folders.toml": '["/home/svc/in"]\nsummary = "In"\nuser = "other"\n',
            "users.toml": '[svc]\nsummary = "Runs all"\nhome = "/home/svc"\n',
        },
    ),
    Case(
        "a folder of an account in one that a group may write",
        (
            (
                "QT116",
                W,
                "folders.toml:6",
                "/srv/app/in",
                "is svc's, in /srv/app, which folders.toml gives to group all",
            ),
        ),
        files={
            "folders.toml": '["/srv/app"]\nsummary = "App"\ngroup = "all"\nmode = "0775"\n\n["/srv/app/in"]\n'
            'summary = "In"\nuser = "svc"\n'
        },
    ),
    Case(
        "a folder of an account in another of its own",
        files={
            "folders.toml": '["/srv/app"]\nsummary = "App"\nuser = "svc"\n\n["/srv/app/in"]\nsummary = "In"\n'
            'user = "svc"\n'
        },
    ),
)
