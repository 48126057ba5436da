"""QT111: what is found, and what is not."""

from tests.lint.case import LINE, Case, E, I, W, after, service

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"directive: {line}",
            (("QT111", severity, LINE, "api and 1 more", says),),
            template=service(line),
        )
        for line, severity, says in (
            ("StartLimitIntervalSec=5", E, "systemd 252 ignores StartLimitIntervalSec= in [Service]"),
            ("WantedBy=multi-user.target", E, "ignores WantedBy= in [Service]"),
            ("MemoryMaxx=1G", E, "ignores MemoryMaxx= in [Service]"),
            ("RestartSteps=3", E, "ignores RestartSteps= in [Service]"),
            ("PrivatePIDs=yes", E, "ignores PrivatePIDs= in [Service]"),
            ("StartLimitInterval=5", W, "StartLimitInterval= in [Service] is an old spelling"),
            ("StartLimitBurst=5", W, "StartLimitBurst= in [Service] is an old spelling"),
            ("MemoryLimit=1G", W, "MemoryLimit= in [Service] is an old spelling"),
            ("CPUShares=100", W, "CPUShares= in [Service] is an old spelling"),
            ("StandardOutput=syslog", I, "StandardOutput=syslog is obsolete: systemd takes it for journal"),
            ("KillMode=none", I, "KillMode=none is deprecated"),
            ("PIDFile=/var/run/x.pid", I, "PIDFile= is below /var/run, which is obsolete"),
            ("ExecStop=/bin/echo %c", I, "ExecStop= has %c, which is deprecated"),
        )
    ),
    Case("directives that are fine", template=service("X-Ours=1", "StateDirectory=x", "ProtectProc=invisible")),
    Case(
        "known to a newer host than was guessed",
        (("QT111", I, LINE, "api and 1 more", "systemd 252 ignores RestartSteps= in [Service], if that is what the"),),
        edits={"hosts.toml": ("cpus = 2", 'cpus = 2\nguessed = ["systemd"]')},
        template=service("RestartSteps=3"),
    ),
    Case(
        "known to none, whatever was guessed",
        (("QT111", E, LINE, "api and 1 more", "ignores MemoryMaxx= in [Service]"),),
        edits={"hosts.toml": ("cpus = 2", 'cpus = 2\nguessed = ["systemd"]')},
        template=service("MemoryMaxx=1G"),
    ),
    Case(
        "known to a newer host",
        edits={"hosts.toml": ("cpus = 2", "cpus = 2\nsystemd = 255")},
        template=service("RestartSteps=3"),
    ),
    Case(
        "a section of another type",
        (("QT111", E, "targets.toml:1", "core", "systemd ignores all of [Service]"),),
        template={"target.j2": after("[Unit]\n", "Documentation=man:x", "[Service]", "[Unit]")},
    ),
    Case(
        "a section in lower case",
        (("QT111", E, "targets.toml:1", "core", "systemd ignores all of [install]"),),
        template={"target.j2": after("[Unit]\n", "[install]", "[Unit]")},
    ),
)
