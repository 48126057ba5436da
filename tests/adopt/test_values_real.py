"""What qtctl says systemd ignores is ignored: systemd says so itself, and the unit is the same without that line."""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from qtctl.dialects.systemd.booleans import parse_boolean
from qtctl.dialects.systemd.calendar import explain_calendar_trouble
from qtctl.dialects.systemd.properties import COMMANDS, Shape, find_property
from qtctl.dialects.systemd.size import parse_bytes
from qtctl.dialects.systemd.table.lookup import find_kind, list_keys
from qtctl.dialects.systemd.timespan import parse_microseconds
from qtctl.dialects.systemd.unitfile import merge_effective, parse
from qtctl.dialects.systemd.values import explain_part_trouble, explain_value_trouble, list_kept_units
from qtctl.meaning.drift import find_differences
from qtctl.meaning.loaded_values import list_loaded_values
from qtctl.model.desired_loaded import LoadedValue
from tests.adopt import same
from tests.adopt.values import SOCKET_VALUES, TIMER_VALUES, VALUES, Values

pytestmark = pytest.mark.lab

VERSION = 252
SECTIONS = ("Unit", "Service", "Socket", "Timer", "Path", "Mount", "Automount", "Swap", "Slice")


@dataclass(frozen=True, slots=True)
class Try:
    """A unit in which each directive has one value; its lines by number from 1."""

    name: str
    text: str
    lines: Mapping[int, tuple[str, str, str]]


def tries(kind: str, values: Values, end: str) -> Iterator[Try]:
    for number in range(max(map(len, values.values()))):
        text, lines = "", {}
        for (section, key), those in values.items():
            if number < len(those):
                text += f"[{section}]\n{key}={those[number]}\n"
                lines[text.count("\n")] = (section, key, those[number])
        yield Try(f"try{number}.{kind}", text + end, lines)


ENOUGH = {
    "Service": "ExecStart=/bin/true", "Timer": "OnActiveSec=5", "Socket": "ListenFIFO=/run/x", "Path": "PathExists=/x",
    "Slice": "", "Unit": "",
}  # fmt: skip
"""What a unit needs at least, by section. [Install] is not looked at when a unit is loaded."""


def empties() -> Iterator[Try]:
    """Each existing directive with an empty value; those of commands and sandboxes in services only."""
    seen: set[str] = set()
    for section, enough in ENOUGH.items():
        kind = section.lower() if section != "Unit" else "target"
        for key in list_keys(section, VERSION):
            if key not in seen:
                text = f"[{section}]\n{key}=\n{enough}\n"
                yield Try(f"empty{section}{key}.{kind}", text, {2: (section, key, "")})
            seen.add(key)


TRIES = (
    *tries("service", VALUES, "[Service]\nExecStart=/bin/true\n"),
    *tries("timer", TIMER_VALUES, "OnActiveSec=7\n"),
    *tries("socket", SOCKET_VALUES, "ListenFIFO=/run/x\n"),
)
FATAL = ("DynamicUser",)
"""systemd complains about a bad value but does not ignore it: the unit cannot be started."""


DEPRECATED = ("KillMode", "none")
"""Accepted, with a complaint."""
OBSOLETE = (
    "CPUShares", "StartupCPUShares", "MemoryLimit", "BlockIODeviceWeight", "BlockIOReadBandwidth",
    "BlockIOWriteBandwidth",
)  # fmt: skip
"""Directives of which every assignment gets a complaint, accepted or not: empty ones are accepted (test_shapes.py)."""
BY_VERSION = ("PrivateMounts", "")
"""Accepted by systemd 255, but not by earlier and later versions."""


def trouble(section: str, key: str, value: str) -> str | None:
    if key == "OnCalendar":
        return explain_calendar_trouble(value) if value else None
    return explain_value_trouble(key, find_kind(section, key, VERSION) or "", value)


def without(each: Try) -> str:
    """The unit without the lines that qtctl says systemd ignores."""
    lines = each.text.splitlines()
    for number, (section, key, value) in each.lines.items():
        if trouble(section, key, value):
            lines[number - 1] = ""
    return "\n".join(lines)


def files(those: Iterable[Try]) -> same.Files:
    return same.Files({each.name: each.text.encode() for each in those})


@pytest.fixture(scope="module")
def loaded(host: str) -> same.Loaded:
    return same.loaded(host, files(TRIES))


@pytest.mark.parametrize(("which", "at_least"), [("values", 400), ("empty", 150)])
def test_systemd_complains_of_what_we_complain_of(host: str, which: str, at_least: int) -> None:
    those = TRIES if which == "values" else tuple(empties())
    ours = {
        (each.name, number)
        for each in those
        for number, (section, key, value) in each.lines.items()
        if trouble(section, key, value) or explain_part_trouble(find_kind(section, key, VERSION) or "", value)
    }
    values = {(each.name, number): line for each in those for number, line in each.lines.items()}
    complaints = {
        at
        for at in same.complaints(host, files(those))
        if values[at][1] not in (*FATAL, *OBSOLETE) and values[at][1:] != DEPRECATED
    }
    assert {values[at] for at in ours ^ complaints if values[at][1:] != BY_VERSION} == set()
    assert len(ours) > at_least


def test_a_unit_is_the_same_without_what_is_ignored(host: str, loaded: same.Loaded) -> None:
    others = same.Files({each.name: without(each).encode() for each in TRIES})
    assert same.differences(loaded, same.loaded(host, others)) == []


def share(value: str) -> bool:
    return value[-1:] in ("%", "\u2030", "\u2031")


READ = {
    **dict.fromkeys(
        ["RemainAfterExit", "PrivateTmp", "NoNewPrivileges", "SendSIGHUP", "IPAccounting", "ProtectClock"],
        parse_boolean,
    ),
    **dict.fromkeys(["StopWhenUnneeded", "AllowIsolate", "IgnoreOnIsolate", "RefuseManualStart"], parse_boolean),
    **dict.fromkeys(["MemoryMax", "MemoryHigh", "MemoryLow", "MemoryMin", "MemorySwapMax"], parse_bytes),
    **dict.fromkeys(
        ["RestartSec", "TimeoutCleanSec", "LogRateLimitIntervalSec", "StartLimitIntervalSec"], parse_microseconds
    ),
    **dict.fromkeys(["AccuracySec", "RandomizedDelaySec"], parse_microseconds),
    **dict.fromkeys(["Persistent", "WakeSystem", "OnClockChange", "RemainAfterElapse"], parse_boolean),
    **dict.fromkeys(
        ["After", "Before", "Wants", "Requires", "Conflicts", "OnFailure", "PartOf", "BindsTo", "Requisite", "Upholds"],
        list_kept_units,
    ),
}
"""Directive → qtctl's reader of its value."""


@pytest.mark.parametrize("key", READ)
def test_what_we_read_is_what_systemd_has(loaded: same.Loaded, key: str) -> None:
    compared = 0
    for each in TRIES:
        found = merge_effective(parse(each.text, each.name))
        section = next((home for home, name in found if name == key), "")
        value = (found.get((section, key)) or ("",))[-1]
        if not section or not value or trouble(section, key, value) or (READ[key] is parse_bytes and share(value)):
            continue
        has = loaded[each.name][f"{section}.{key.removesuffix('Sec') + 'USec' if key.endswith('Sec') else key}"]
        compared += 1
        if READ[key] is not list_kept_units:
            assert has == READ[key](value), value
        else:
            words = {
                word for word in list_kept_units(" ".join(found[section, key])) if "%" not in word and "@." not in word
            }
            assert words <= {*as_list(has)}, value
    assert compared >= 8


MORE = """
[Unit]
Documentation=man:a(1) https://example.org/b
RequiresMountsFor=/srv/a /srv/b
CollectMode=inactive-or-failed
[Service]
Type=notify
NotifyAccess=all
Restart=on-abnormal
ExecStartPre=-/bin/sh -c "echo a  b" $HOME
ExecStart=/bin/sleep 5s
ExecStartPost=@/bin/true name one
ExecStopPost=+/bin/echo 100%%
StandardOutput=null
EnvironmentFile=-/etc/default/x
EnvironmentFile=/etc/y*.env
WorkingDirectory=-/srv
ReadWritePaths=/srv -/var/x
ReadOnlyPaths=+/etc
StateDirectory=two one two
RuntimeDirectory=b/c a b
CacheDirectory=z y
LogsDirectory=z y
ConfigurationDirectory=z y
PIDFile=/var/run/x/y.pid
TTYPath=/var/run/tty
StandardError=syslog
KillMode=none
BindPaths=/var/run/a
SuccessExitStatus=3 SIGUSR1
RestartPreventExitStatus=SIGKILL 4
RestrictAddressFamilies=AF_UNIX AF_INET
SystemCallArchitectures=native
SupplementaryGroups=daemon
ProtectSystem=true
ProtectHome=read-only
Personality=x86-64
DevicePolicy=closed
LoadCredential=one:/etc/hostname
OOMPolicy=continue
"""
"""Directives for which the tables above have no values."""
FEW = {
    "more.service": MORE,
    "forbids.service": "[Service]\nExecStart=/bin/true\nRestrictAddressFamilies=~AF_UNIX AF_INET\n",
    "more.path": "[Path]\nPathExists=/a\nPathChanged=/b\nMakeDirectory=yes\nUnit=x.service\n",
    "more.timer": "[Timer]\nOnBootSec=1h\nOnUnitActiveSec=5min\nPersistent=yes\n",
    "more.socket": "[Socket]\nListenStream=127.0.0.1:80\nListenStream=81\nListenDatagram=[::1]:9\n"
    "ListenFIFO=/var/run/f\nListenStream=/var/run/x.sock\nListenSpecial=/var/run/z\nRuntimeDirectory=b a\n",
    "srv-x.mount": "[Mount]\nWhat=tmpfs\nWhere=/srv/x\nType=tmpfs\nOptions=size=1M\n",
    "more.slice": "[Slice]\nMemoryMax=1G\nTasksMax=50\n",
}


OF_SHAPE = {
    Shape.BOOLEAN: ("yes", "no"), Shape.NUMBER: ("7",), Shape.OCTAL: ("0751",), Shape.BYTES: ("64M",),
    Shape.RLIMIT: ("512",), Shape.PATH: ("/srv//x/",), Shape.WORDS: ("one",), Shape.SET: ("cpu memory",),
    Shape.UNITS: ("a.service b.target",), Shape.COMMANDS: ("/bin/true a 'b c'",), Shape.STATUSES: ("2 SIGHUP",),
    Shape.TEXT: ("word",), Shape.USEC: ("1min 5s",), Shape.USEC_OR_NEVER: ("0", "90"), Shape.NSEC: ("50000",),
    Shape.SPANS: ("2h",), Shape.ADDRESSES: ("/run/s",), Shape.WATCHES: ("/srv//w/",), Shape.QUOTA: ("50%",),
    Shape.SIGNAL: ("SIGUSR2",), Shape.LEVEL: ("err",), Shape.FACILITY: ("local3",), Shape.TASKS: ("40",),
    Shape.FILES: ("-/etc/a*",), Shape.FAMILIES: ("AF_INET6",), Shape.PAIRS: ("a:/b",), Shape.YES_OR_TEXT: ("yes",),
    Shape.UNIT: ("x.service",),
}  # fmt: skip
OF_KEY = {
    **dict.fromkeys(("ExecPaths", "NoExecPaths", "InaccessiblePaths", "Symlinks"), "/srv/x"),
    **dict.fromkeys(("FailureAction", "SuccessAction", "StartLimitAction", "JobTimeoutAction"), "none"),
    **dict.fromkeys(("OnSuccessJobMode", "OnFailureJobMode"), "fail"),
    **dict.fromkeys(("RootImage", "PIDFile", "USBFunctionDescriptors", "USBFunctionStrings"), "/srv/x"),
    "ManagedOOMMemoryPressure": "kill", "BusName": "org.example.One", "ExtraOptions": "ro", "What": "/dev/null",
    "ExecSearchPath": "/srv/bin", "BlockIOWeight": "70", "ListenNetlink": "kobject-uevent 1", "ListenSpecial": "/dev/x",
    "ListenMessageQueue": "/queue", "ListenUSBFunction": "/dev/usb", "OnCalendar": "daily",
}  # fmt: skip
SHAPED = {
    "mount": "What=tmpfs\nWhere=/srv/{name}\nType=tmpfs\n", "automount": "Where=/srv/{name}\n",
    "swap": "What=/{name}\n", "service": "ExecStart=/bin/true\n", "socket": "ListenFIFO=/run/x\n",
    "timer": "OnBootSec=1h\n", "path": "PathExists=/x\n", "slice": "",
}  # fmt: skip
"""What a unit needs at least, by kind."""


def shaped(section: str, key: str, value: str, number: int) -> tuple[str, str]:
    """A unit of its own for one directive: name and text."""
    kind = "service" if section == "Unit" else section.lower()
    name = f"z{number}"
    enough = "" if key.startswith(("ExecStart", "Where", "What")) and key.endswith("Start") else SHAPED[kind]
    text = f"[{kind.capitalize()}]\n{enough.format(name=name)}[{section}]\n{key}={value}\n"
    return (f"srv-{name}.{kind}" if "mount" in kind else f"{name}.{kind}"), text


def untried(compared: Container[str]) -> dict[str, str]:
    """Units for the directives that no other unit has, each with a value of its kind."""
    found: dict[str, str] = {}
    seen: set[str] = set()
    for section in SECTIONS:
        for key in list_keys(section, VERSION):
            shown = find_property(section, key)
            if shown is None or key in seen or key in compared or key in ("Type", "Where"):
                continue
            seen.add(key)
            for value in (OF_KEY[key],) if key in OF_KEY else OF_SHAPE.get(shown.shape, ()):
                name, text = shaped(section, key, value, len(found))
                found[name] = text
    return found


def as_probed(key: str, value: Any) -> Any:
    """For a command only what is run, as the probe of units keeps it."""
    return [[each[0], *each[1][1:]] for each in value] if key.partition(".")[2] in COMMANDS else value


def wanted(texts: Mapping[str, str]) -> dict[str, tuple[LoadedValue, ...]]:
    return {name: list_loaded_values(merge_effective(parse(text, name)), name) for name, text in texts.items()}


def test_what_must_be_loaded_is_loaded(host: str, loaded: same.Loaded) -> None:
    """The properties of systemd say what `drift` expects of a file's directives: of each that has a property."""
    tried = wanted({each.name: without(each) for each in TRIES} | FEW)
    rest = untried({value.directive for values in tried.values() for value in values})
    texts = {name: text.encode() for name, text in (FEW | rest).items()}
    found = {
        name: {key.partition(".")[2]: as_probed(key, value) for key, value in properties.items()}
        for name, properties in (loaded | same.loaded(host, same.Files(texts))).items()
    }
    tried |= wanted(rest)
    different = [(name, each) for name, values in tried.items() for each in find_differences(values, found[name])]
    assert not different, "\n".join(map(str, different))
    compared = {
        value.directive for values in tried.values() for value in values if value.property in found["try0.service"]
    }
    assert len(compared) > 150
    everything = {key for section in SECTIONS for key in list_keys(section, VERSION) if find_property(section, key)}
    compared = {value.directive for values in tried.values() for value in values}
    assert everything - compared == set()


def as_list(value: object) -> list[str]:
    assert isinstance(value, list)
    return value
