"""QT118: what is found, and what is not. Every reason of systemd is in tests/dialects/systemd/test_refusals.py."""

from tests.lint.case import FEED, FLEET, LINE, Case, E, I, W, after, service

RESTART = after('limits = { memory_max = "256M" }\n', 'restart = { restart = "always" }')
ONCE = {FEED: ('state = "running"', 'state = "running"\ntype = "oneshot"\nremain_after_exit = true')}
SECOND = f"{LINE.rpartition(':')[0]}:{int(LINE.rpartition(':')[2]) + 1}"
DBUS = ('state = "running"', 'state = "running"\ntype = "dbus"')

POOL = """\
summary = "Pool"
state = "running"
unit = "small-pool@.service"
instances = ["1", "2"]
run = { kind = "command", argv = ["/usr/bin/pool"] }
"""


def dropin(unit: str, *lines: str) -> str:
    return "\n".join(("[more]", f'unit = "{unit}"', "", *lines, ""))


CASES: tuple[Case, ...] = (
    Case(
        "a oneshot that the defaults restart always",
        (("QT118", E, "fleet.toml:13", "feed", "has Restart=always, which Type=oneshot may not have"),),
        {FLEET: RESTART, **ONCE},
    ),
    Case(
        "a oneshot that says its own restart",
        edits={
            FLEET: RESTART,
            FEED: (
                'state = "running"',
                'state = "running"\ntype = "oneshot"\nremain_after_exit = true\nrestart = { restart = "on-failure" }',
            ),
        },
    ),
    Case(
        "a type of a bus without its name",
        (("QT118", E, "services/feed.toml:3", "feed", "is of Type=dbus and has no BusName="),),
        {FEED: DBUS},
    ),
    Case(
        "a type that the host's systemd does not know",
        (("QT118", E, "services/feed.toml:3", "feed", "systemd 252 does not know, and would run as Type=simple"),),
        {FEED: ('state = "running"', 'state = "running"\ntype = "notify-reload"')},
    ),
    Case(
        "a type that the host knows if it is newer than was guessed",
        (("QT118", I, "services/feed.toml:3", "feed", "if that is what the host has: its version was guessed"),),
        edits={
            FEED: ('state = "running"', 'state = "running"\ntype = "notify-reload"'),
            "hosts.toml": ("cpus = 2", 'cpus = 2\nguessed = ["systemd"]'),
        },
    ),
    Case(
        "a type that it knows",
        edits={
            FEED: ('state = "running"', 'state = "running"\ntype = "notify-reload"'),
            "hosts.toml": ("cpus = 2\n", "cpus = 2\nsystemd = 255\n"),
        },
    ),
    Case(
        "a template of one's own with PAM",
        (("QT118", E, SECOND, "api and 1 more", "has PAMName= and KillMode=process"),),
        template=service("PAMName=login", "KillMode=process"),
    ),
    Case(
        "a template of one's own with a value that is fatal",
        (("QT118", E, LINE, "api and 1 more", "has a RootDirectory= that is not an absolute path"),),
        template=service("RootDirectory=-/srv"),
    ),
    Case(
        "a template with the bus name of another unit, and names that are none",
        files={
            f"services/{name}.toml": f'summary = "{name}"\nstate = "stopped"\n[run]\nkind = "command"\nargv = ["/x"]\n'
            f'[process]\nbus_name = "{bus}"\n'
            for name, bus in (("a", "org.a.b"), ("b@", "org.a.b"))
        },
    ),
    Case(
        "a drop-in that adds a program to a unit of somebody else",
        (("QT118", I, "dropins.toml:4", "more", "a second one, unless the unit is a oneshot"),),
        files={"dropins.toml": dropin("nginx.service", 'systemd.Service.ExecStart = "/bin/true"')},
    ),
    *(
        Case(
            f"a drop-in that adds a program, and says itself that the unit is no oneshot: {says}",
            (("QT118", W, "dropins.toml:5", "more", "adds an ExecStart= to that of the unit"),),
            files={"dropins.toml": dropin("nginx.service", says, 'systemd.Service.ExecStart = "/bin/true"')},
        )
        for says in ('restart.restart = "always"', 'systemd.Service.Type = "simple"')
    ),
    Case(
        "a drop-in that adds a program to a oneshot",
        files={
            "dropins.toml": dropin(
                "nginx.service", 'systemd.Service.Type = "oneshot"', 'systemd.Service.ExecStart = "/bin/true"'
            )
        },
    ),
    Case(
        "a drop-in that empties it first",
        files={"dropins.toml": dropin("nginx.service", 'systemd.Service.ExecStart = ["", "/bin/true"]')},
    ),
    Case(
        "a drop-in of which systemd drops the rest",
        (("QT118", E, "dropins.toml:4", "more", "in a drop-in: systemd drops the rest of that file"),),
        files={"dropins.toml": dropin("nginx.service", 'sandbox.selinux_context = "%F"')},
    ),
    Case(
        "an instance of whose name no address comes, beside one that has one",
        (("QT118", E, "sockets.toml:1", "door@", "instance small-door@x.socket: has nothing to listen on"),),
        files={
            "sockets.toml": '["door@"]\nsummary = "D"\nservice = "feed"\nspecifiers = true\ninstances = ["1", "x"]\n'
            'listen = ["stream 127.0.0.1:910%i"]\n'
        },
    ),
    Case(
        "a drop-in of an instance, with its template",
        (("QT118", E, "dropins.toml:5", "more", "has Restart=always, which Type=oneshot may not have"),),
        files={
            "services/pool.toml": POOL,
            "dropins.toml": dropin(
                "small-pool@2.service", 'systemd.Service.Type = "oneshot"', 'restart.restart = "always"'
            ),
        },
    ),
)
