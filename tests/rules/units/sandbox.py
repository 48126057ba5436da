"""QT107: what is found, and what is not."""

from tests.lint.case import FEED, Case, E, W, after, env, service

CASES: tuple[Case, ...] = (
    Case(
        "code in a home that is hidden",
        (
            ("QT107", E, "services/feed.toml:5", "feed", "entry point (/home/svc/code/small/feed.py)"),
            ("QT107", E, "services/feed.toml:5", "feed", "working directory (/home/svc/code)"),
        ),
        {FEED: after('venv = "main"\n', 'code = "/home/svc/code"', "[sandbox]", 'profile = "strict"')},
    ),
    Case(
        "a venv in a home that is hidden",
        (
            ("QT107", E, "services/feed.toml:5", "feed", "program (/home/svc/venv/bin/python)"),
            ("QT107", E, "services/feed.toml:8", "feed", "venv (/home/svc/venv)"),
        ),
        {
            FEED: after('venv = "main"\n', "[sandbox]", 'profile = "strict"'),
            "venvs.toml": ("/opt/small/venv", "/home/svc/venv"),
        },
    ),
    Case(
        "a writable path in a home that is hidden",
        (("QT107", E, "services/feed.toml:11", "feed", "writable path (/home/svc/out)"),),
        {FEED: after('venv = "main"\n', "[sandbox]", 'profile = "strict"', 'read_write_paths = ["/home/svc/out"]')},
    ),
    Case("code in a home that is not hidden", edits={FEED: after('venv = "main"\n', 'code = "/home/svc/code"')}),
    Case(
        "nothing writable",
        (("QT107", W, "services/feed.toml:13", "feed", "no writable path for what LOG_FILE names"),),
        {
            FEED: after(
                'venv = "main"\n', "[sandbox]", 'profile = "strict"', "", "[env]", "LOG_FILE = '/var/log/f/a.log'"
            )
        },
    ),
    Case(
        "something writable",
        edits={
            FEED: after(
                'venv = "main"\n',
                "[sandbox]",
                'profile = "strict"',
                'read_write_paths = ["/var/log/f"]',
                "[env]",
                "LOG_FILE = '/var/log/f/a.log'",
                "TMP_DIR = '/tmp/x'",
            )
        },
    ),
    Case(
        "a log in /etc under the default profile",
        (("QT107", W, "services/feed.toml:11", "feed", "ProtectSystem=full"),),
        {FEED: env(LOG_DIR="/etc/small/log")},
    ),
    Case(
        "a state directory of the template's",
        edits={FEED: env(STATE_PATH="/etc/small/state")},
        template=service("BindPaths=/srv/state:/etc/small"),
    ),
)
