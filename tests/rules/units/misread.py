"""QT110: what is found, and what is not."""

from tests.builders.registry import SMALL
from tests.lint.case import FEED, LINE, Case, E, W, after, service

CASES: tuple[Case, ...] = (
    *(
        Case(f"misread: {line}", (("QT110", severity, LINE, "api and 1 more", says),), template=service(line))
        for line, severity, says in (
            ("LimitCORE=0 # none", E, "LimitCORE= has a # after its value"),
            ("MemoryLow=16G # a lot", E, "MemoryLow= has a # after its value"),
            ("Environment=A=b c", E, "a word that is not NAME=value"),
            ("Environment=FMT=%Y-%m-%d", W, "Environment= has a % that systemd replaces"),
            ("ExecStartPre=/bin/date +%%H:%H:%M", W, "ExecStartPre= has a % that systemd replaces"),
            ("ExecStartPre=/bin/date +%d.%m.%y", W, "ExecStartPre= has a %"),
            ("ExecStartPre=/bin/date +%b_%d", W, "ExecStartPre= has a %"),
            ("ExecStartPre=/bin/echo 50%s", W, "ExecStartPre= has a %"),
            ("ExecStartPre=/bin/echo $NOTHING", W, "ExecStartPre= uses $NOTHING, which nothing sets"),
            ("ExecStartPre=/bin/echo # hello", E, "ExecStartPre= has a # after its value"),
            ("SendSIGHUP=maybe", E, "SendSIGHUP= is neither yes nor no"),
            ("TimeoutStartSec=ten", E, "TimeoutStartSec= is not a time span"),
            ("MemorySwapMax=lots", E, "MemorySwapMax= is not a size"),
        )
    ),
    Case(
        "not misread",
        template=service(
            "ExecStartPre=/bin/echo ${LOG_LEVEL} $$HOME $MAINPID '#' \"# x\" %n %%Y 100%%",
            "Environment=\"A=b c\" 'B=# x' C=%i",
            "CPUQuota=50%",
            "SyslogLevelPrefix=off",
            "ExecStopPost=/bin/echo %S/%p %E/%H-%p %b/%m",
        ),
    ),
    Case(
        "carriage returns",
        (("QT110", W, "targets.toml:1", "core", "lines that end with a carriage return"),),
        template={"target.j2": ("[Unit]\n", '[Unit]{{ "\\r" }}\n')},
    ),
    Case(
        "export in an env file",
        (
            ("QT110", E, "services/api.toml:1", "small-api.service", "begin with export"),
            ("QT110", E, "services/feed.toml:1", "small-feed.service", "begin with export"),
        ),
        template={"env.j2": after("{{ mark }}\n", "export A=b")},
    ),
    Case(
        "a value that no env file can say",
        (("QT110", E, "services/feed.toml:11", "feed", "cannot be written into a unit or env file"),),
        {FEED: after('venv = "main"\n', "", "[env]", 'A = "\\uFFFE"')},
    ),
    Case(
        "a summary that no unit can say",
        (("QT110", E, "services/feed.toml:1", "feed", "Description: holds a line break"),),
        {FEED: ('"Feed"', '"Feed\\nExecStart=x"')},
    ),
    *(
        Case(f"a variable that may be set: {line}", template=service(line, *more))
        for line, *more in (
            ("ExecStartPre=/bin/echo $OPTIONS", "PassEnvironment=OPTIONS"),
            ("ExecStartPre=/bin/echo $OPTIONS", "PAMName=login"),
            ("ExecStartPre=/bin/sh -c 'for x in a b; do echo $x ; done'",),
            ('ExecStartPre=/bin/sh -c "echo $x y"',),
            ("ExecStartPre=-:/bin/echo $OPTIONS",),
            ("ExecStartPre=/bin/echo --x=$OPTIONS $$X",),
        )
    ),
    *(
        Case(
            f"a variable that {file} may set",
            edits={
                FEED: (
                    'kind = "module"\nmodule = "small.feed"\nvenv = "main"\n',
                    'kind = "exec"\nlines = ["/x $OPTIONS ${MORE}"]\n',
                )
            },
            files={"services/feed.toml": SMALL[FEED].replace("[run]", f"env_files = [{file!r}]\n[run]")},
        )
        for file in ("/etc/default/x", "-/etc/sysconfig/x", "-/run/x-*.env")
    ),
    *(
        Case(
            f"a variable that nothing sets: {line}",
            (("QT110", W, LINE, "api and 1 more", "ExecStartPre= uses $NOTHING, which nothing sets"),),
            template=service(line),
        )
        for line in (
            'ExecStartPre=/bin/echo "$NOTHING"',
            "ExecStartPre=/bin/sh -c 'echo ${NOTHING} x'",
            "ExecStartPre=@/bin/echo x --y=${NOTHING}",
        )
    ),
    Case(
        "the name of an instance behind a digit",
        files={
            "services/pool.toml": 'summary = "Pool"\nstate = "running"\ninstances = ["1", "2"]\n'
            'ports.http.listen = "127.0.0.1:810%i"\n'
            'run = { kind = "uvicorn", app = "small.feed:app", venv = "main", port = "http" }\n'
        },
    ),
    Case(
        "the name of an instance in a port",
        files={
            "services/w@.toml": 'summary = "W"\nstate = "running"\ninstances = ["1", "2"]\n'
            '[run]\nkind = "exec"\nlines = ["/usr/bin/w --port 810%i"]\n'
        },
    ),
)
