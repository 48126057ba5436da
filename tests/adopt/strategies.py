"""Texts of unit files as people and other systems write them: odd in layout, sound in what they say.

Every value is one that systemd 252 takes; what varies is how often a directive is given, reset and continued, in which
section's turn, behind which comments, with which line ends. A text ends with what its kind cannot do without.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

_FREE = st.text(
    alphabet=st.sampled_from("abz09 _-.,:;#=\"'()[]{}$/~@+!?*\\\u00fc\u65e5\U0001f600\u2028\x85"), max_size=24
).filter(lambda text: text.strip(" ") == text and not text.endswith("\\"))
_SCALARS: Mapping[str, Mapping[str, str]] = {
    "Unit": {
        "Description": "one|two words|50%% of it|a # b|\"quoted\" 'too'|back\\slash|x=y",
        "StopWhenUnneeded": "yes|no|1|off",
        "DefaultDependencies": "yes|true|on",
        "StartLimitIntervalSec": "10|5min|1h 30min|0|infinity",
        "StartLimitBurst": "1|5|0",
        "OnFailureJobMode": "replace|fail|isolate",
        "JobTimeoutSec": "10|1min 30s|infinity",
        "CollectMode": "inactive|inactive-or-failed",
        "SourcePath": "/etc/x|/etc/with space/y",
    },
    "Service": {
        "Type": "simple|exec|idle|notify|forking",
        "Restart": "no|always|on-failure|on-abnormal|on-success",
        "RestartSec": "100ms|5|1min 30s|0|1.5s",
        "TimeoutStopSec": "10|2min|infinity|0",
        "TimeoutStartSec": "10|2min|infinity",
        "User": "qt|root|1000|",
        "Group": "qt|adm|",
        "WorkingDirectory": "/srv|-/srv/with space|~|-~|",
        "RemainAfterExit": "yes|no",
        "KillMode": "mixed|process|control-group",
        "KillSignal": "SIGINT|TERM|9",
        "Nice": "0|-5|19|+3",
        "UMask": "022|0077|7",
        "OOMScoreAdjust": "-500|0|+100",
        "MemoryMax": "1G|512M|1G 512M|infinity|1.5G|50%|",
        "MemoryHigh": "1G|1048576|infinity|",
        "CPUQuota": "50%|150%|12.5%|",
        "CPUWeight": "1|100|10000|",
        "TasksMax": "10|infinity|50%|",
        "IOWeight": "1|500|",
        "LimitNOFILE": "1024|1024:2048|infinity|512:infinity",
        "PrivateTmp": "yes|no|T",
        "ProtectSystem": "yes|full|strict|no",
        "ProtectHome": "yes|read-only|tmpfs|no",
        "NoNewPrivileges": "yes|no|on",
        "StandardOutput": "journal|null|append:/var/log/a b.log|inherit|tty",
        "StandardError": "journal|null|inherit|file:/x%%y",
        "SyslogIdentifier": "fleet|with space|100%%|",
        "PIDFile": "/run/x.pid|y.pid|",
        "Slice": "fleet.slice|system.slice",
        "RootDirectory": "/srv/root|",
        "StateDirectoryMode": "0755|700",
        "TimerSlackNSec": "100us|1ms",
        "IPAccounting": "yes|no",
    },
    "Timer": {
        "AccuracySec": "1us|1min|1h",
        "RandomizedDelaySec": "0|5min",
        "Persistent": "yes|no",
        "WakeSystem": "yes|no",
        "Unit": "other.service|fleet-x.service",
        "RemainAfterElapse": "yes|no",
    },
    "Socket": {
        "Backlog": "10|128",
        "SocketMode": "0660|600",
        "SocketUser": "qt|root|",
        "MaxConnections": "1|64",
        "NoDelay": "yes|no",
        "Service": "other.service",
        "FileDescriptorName": "door|bell",
    },
    "Path": {"MakeDirectory": "yes|no", "DirectoryMode": "0700|755", "Unit": "other.service|fleet-x.service"},
    "Slice": {"MemoryMax": "1G|infinity|", "TasksMax": "10|50%|", "CPUWeight": "5|100|"},
}
_LISTS: Mapping[str, Mapping[str, str]] = {
    "Unit": {
        "After": "a\\x2db.service|b.target c.service|a.service  a.service",
        "Before": "d.service|e.target",
        "Wants": "a.service|f.service g.socket",
        "Requires": "a.service|h.mount",
        "Conflicts": "x.service",
        "PartOf": "b.target",
        "OnFailure": "alarm@%n.service|y.service",
        "RequiresMountsFor": '/srv|/var/lib/x /srv/y|"/a b" /c\\ d',
        "Documentation": "man:a(8)|https://x.example/%%20y file:/z",
        "ConditionPathExists": "/a|!/b|\\|/c|\\|!/d e",
        "ConditionHost": "x|!y*",
        "AssertPathExists": "/a|!/b",
    },
    "Service": {
        "ExecStartPre": (
            "/bin/a|-/bin/b \"x y\" 'z'|@/bin/c d e|+/bin/f $X ${Y}z $$W|!/bin/g ; /bin/h|:/bin/i $X \\x41\\tq|"
            '"/bin/j" \\; "" \\u00fc %%n'
        ),
        "ExecStop": "/bin/a $MAINPID|-/bin/b|/bin/sh -c 'x && y \\|\\| z; echo \"$0\" %%d'",
        "ExecReload": "/bin/kill -HUP $MAINPID",
        "Environment": 'A=1|B=x "C=y z"|"D=\\"q\\" %%" \'E=$F\' G=|A=2 A=3|H=\\x41\\t|"I=a\\\\b" J==',
        "EnvironmentFile": "/etc/a|-/etc/b c|/etc/*.env",
        "PassEnvironment": "LANG|TERM DISPLAY",
        "UnsetEnvironment": 'A|B "C=x y"',
        "ReadWritePaths": '/a|-/b "/c d"|+/e /f\\ g|"/h"',
        "ReadOnlyPaths": "/etc|/usr -/opt",
        "StateDirectory": 'a|b/c "d e"',
        "RuntimeDirectory": "a|b c",
        "SupplementaryGroups": "adm|daemon sys",
        "CapabilityBoundingSet": "CAP_CHOWN|CAP_KILL CAP_SETUID|~CAP_CHOWN",
        "AmbientCapabilities": "CAP_CHOWN|CAP_KILL CAP_SETUID|~CAP_CHOWN",
        "SystemCallFilter": "@system-service|~@privileged @resources|read write:EPERM|~chown",
        "RestrictAddressFamilies": "AF_UNIX|AF_INET AF_INET6|~AF_UNIX AF_PACKET",
        "SystemCallArchitectures": "native|x86 x86-64",
        "RestrictNamespaces": "net|~user pid|yes|no",
        "DeviceAllow": "/dev/null rw|char-pts|/dev/zero r",
        "IPAddressAllow": "localhost|10.0.0.0/8 ::1|any",
        "SuccessExitStatus": "1 2|SIGTERM 143|TEMPFAIL",
        "RestartPreventExitStatus": "1|SIGKILL 9",
        "LogExtraFields": 'A=b|"C=d e" F=',
        "LoadCredential": "a:/b|c|d:/e f",
        "SetCredential": "a:b c|d:\\x41",
        "BindPaths": "/a|/b:/c:norbind -/d",
        "TemporaryFileSystem": "/a|/b:ro,size=1M /c",
        "CPUAffinity": "0|0-1,3 2",
        "Sockets": "a.socket|b.socket c.socket",
        "Delegate": "cpu|memory pids|yes|no",
        "JoinsNamespaceOf": "a.service",
    },
    "Timer": {
        "OnCalendar": "daily|Mon..Fri *-*-* 08:00|*:0/15",
        "OnBootSec": "1min|5",
        "OnUnitActiveSec": "1h|1h 30min",
        "OnActiveSec": "2",
    },
    "Socket": {
        "ListenStream": "8080|[::1]:81|/run/a b.sock",
        "ListenDatagram": "8081|/run/c",
        "ListenFIFO": "/run/f",
        "Symlinks": "",
        "ExecStartPre": "/bin/a|-/bin/b c",
    },
    "Path": {
        "PathExists": "/a|/b c",
        "PathChanged": "/d",
        "PathModified": "/e",
        "DirectoryNotEmpty": "/f",
        "PathExistsGlob": "/g/*",
    },
    "Slice": {"IOReadBandwidthMax": "/dev/null 1M", "AllowedCPUs": "0|0-1"},
}
_INSTALL = {"WantedBy": "a.target|b.target c.target", "RequiredBy": "d.target", "Alias": "", "Also": "e.service"}
_LAST: Mapping[str, Sequence[str]] = {
    "service": ("[Service]", "ExecStart=", "ExecStart=/bin/last"),
    "timer": ("[Timer]", "OnUnitInactiveSec=7"),
    "socket": ("[Socket]", "ListenSequentialPacket=/run/last"),
    "path": ("[Path]", "PathExists=/last"),
    "slice": ("[Unit]",),
    "target": ("[Unit]",),
}
KINDS = tuple(_LAST)
_NOISE = (
    "", "  ", "# a comment", "; another", "  # indented", "# goes on? \\", "#", "X-Own=1", "rubbish", "=no name",
    "[X-Fleet]\nKey=value", "Nonsense=1",
)  # fmt: skip
_BREAKS = (" \\\n", " \\\n    ", " \\\n# between\n", "\\\n ; between \\\n\t")


@dataclass(frozen=True, slots=True)
class _Layout:
    """How one assignment is written."""

    indent: str
    equals: str
    end: str
    breaks: tuple[str, ...]


_LAYOUTS = st.builds(
    _Layout,
    st.sampled_from(("", "", "", "  ", "\t")),
    st.sampled_from(("=", "=", " = ", "\t=")),
    st.sampled_from(("", "", " ", "\t ")),
    st.lists(st.sampled_from(("", "", "", *_BREAKS)), max_size=4).map(tuple),
)


def _options(pool: str) -> list[str]:
    return [option.replace("\0", "|") for option in pool.replace("\\|", "\0").split("|")]


_Directive = tuple[str, str, list[str]]


def _directives(kind: str) -> list[_Directive]:
    own = kind.capitalize()
    known = [
        (section, key, _options(pool))
        for section in ("Unit", own)
        for table in (_SCALARS, _LISTS)
        for key, pool in table.get(section, {}).items()
        if pool
    ]
    known += [("Install", key, _options(pool)) for key, pool in _INSTALL.items() if pool]
    return known


_SEVERAL = {key for table in (*_LISTS.values(), _INSTALL) for key in table}


def _values(directive: _Directive) -> st.SearchStrategy[tuple[str, str, str]]:
    section, key, options = directive
    choices: st.SearchStrategy[str] = st.sampled_from([*options, ""] if key in _SEVERAL else options)
    if key == "Description":
        choices = st.one_of(choices, _FREE)
    return st.tuples(st.just(section), st.just(key), choices)


def _name(directive: _Directive) -> str:
    return directive[1]


def _assignments(kind: str) -> st.SearchStrategy[list[tuple[str, str, str]]]:
    """Of a few directives, so that each is given several times."""
    few = st.lists(st.sampled_from(_directives(kind)), min_size=1, max_size=6, unique_by=_name)
    return few.flatmap(lambda known: st.lists(st.sampled_from(known).flatmap(_values), min_size=1, max_size=20))


def _line(assignment: tuple[str, str, str], layout: _Layout) -> str:
    _, key, value = assignment
    words = value.split(" ")
    broken = words[0]
    for number, word in enumerate(words[1:]):
        broken += (layout.breaks[number] if number < len(layout.breaks) else "") or " "
        broken += word
    return f"{layout.indent}{key}{layout.equals}{broken}{layout.end}"


@st.composite
def unit_texts(draw: st.DrawFn, kind: str) -> str:
    """The text of a unit of this kind (one of KINDS)."""
    pieces: list[str] = []
    section = ""
    for assignment in draw(_assignments(kind)):
        if assignment[0] != section or draw(st.integers(0, 9)) == 0:
            section = assignment[0]
            pieces.append(f"[{section}]")
        if draw(st.integers(0, 4)) == 0:
            noise = draw(st.sampled_from(_NOISE))
            pieces.append(f"{noise}\n[{section}]" if noise.startswith("[") else noise)
        pieces.append(_line(assignment, draw(_LAYOUTS)))
    text = "\n".join([*pieces, *_LAST[kind], ""])
    text = text.replace("\n", draw(st.sampled_from(("\n", "\n", "\r\n"))))
    return draw(st.sampled_from(("", "", "", "\ufeff"))) + text


def texts(kind: str, count: int) -> dict[str, str]:
    """That many units of this kind, the same ones in each run, by name."""
    found: list[str] = []

    @settings(
        max_examples=count,
        database=None,
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(unit_texts(kind))
    def collect(text: str) -> None:
        found.append(text)

    collect()
    return {f"made{number}.{kind}": text for number, text in enumerate(found)}


def all_texts(services: int, others: int) -> dict[str, str]:
    """Units of all kinds."""
    return {
        name: text for kind in KINDS for name, text in texts(kind, services if kind == "service" else others).items()
    }
