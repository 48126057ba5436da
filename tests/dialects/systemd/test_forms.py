"""Values with words or a form of their own: what we complain of, this machine's systemd complains of, and no other."""

import re
import shutil
import subprocess
import zoneinfo
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from qtctl.dialects.systemd.forms import find_form_trouble, find_zone_trouble
from qtctl.dialects.systemd.table.lookup import find_kind
from qtctl.dialects.systemd.table.words import WordSet, find_nearest_word, list_words

VERSION = 252
ENOUGH = {"Service": "ExecStart=/bin/true", "Socket": "ListenFIFO=/run/x", "Unit": "", "Swap": "What=/v{}"}
NAMES = {"Service": "forms{}.service", "Socket": "forms{}.socket", "Unit": "forms{}.target", "Swap": "v{}.swap"}
_PATHS = (("/a /b", "-/a", '"/a b"'), ("a", "/a/../b", "/a b"))
_ONE_PATH = (("/a", "/a b"), ("a", "./a", "a/b"))
_CPUS = (("0", "0-3", "0 2,4", "1-1"), ("x", "0-x", "-1", "0-9999"))
_RATE = (("/dev/sda 10M", "/dev/sda infinity", "/dev/sda 1K"), ("/dev/sda 10Q", "/dev/sda", "10M"))
_STATUS = (("0", "255"), ("256", "-1", "no"))
_NUMBER = (("0", "-5", "0x10"), ("high", "1.5", "99999999999"))
_CONDITION = (("/a", "!/a", "|!/a b"), ("a", "!a", "~/a"))
Both = tuple[Sequence[str], Sequence[str]]
"""Sound values, and those that systemd complains of."""
VALUES: Mapping[tuple[str, str], Both] = {
    ("Service", "SystemCallFilter"): (
        ("@system-service", "~@clock:EPERM read", "~read:kill write:5"),
        ("@system-servise", "reed", "~@clok:EPERM", "~read:EPRM", "read:EPERM"),
    ),
    ("Service", "SystemCallArchitectures"): (("native", "x86 x86-64"), ("nativ", "x86-46 native")),
    ("Service", "SystemCallErrorNumber"): (("EPERM", "13", "kill"), ("EPRM", "99999", "-1")),
    ("Service", "RestrictAddressFamilies"): (("AF_INET AF_UNIX", "none", "~AF_PACKET"), ("AF_INTE", "inet")),
    ("Service", "RestrictNamespaces"): (("yes", "net ipc", "~user mnt"), ("usr", "net usr", "~bogus")),
    ("Service", "Personality"): (("x86-64", "x86"), ("x86-46", "amd64", "linux")),
    ("Service", "RestartForceExitStatus"): (("1 SIGTERM", "DATAERR", "TERM 255"), ("SIGTREM", "256", "DATAER")),
    ("Service", "SuccessExitStatus"): (("TEMPFAIL 250 SIGKILL",), ("TMPFAIL", "1 SIG")),
    ("Service", "StandardInput"): (("socket", "fd:x", "file:/a", "tty-fail"), ("sockett", "file:a", "pipe")),
    ("Service", "DeviceAllow"): (("/dev/null rw", "char-pts rwm"), ("/dev/null rwx", "null rw", "/etc/x r")),
    ("Service", "IOReadBandwidthMax"): _RATE,
    ("Service", "IOWriteIOPSMax"): _RATE,
    ("Service", "IODeviceWeight"): (("/dev/sda 100",), ("/dev/sda 0", "/dev/sda 10001", "/dev/sda x")),
    ("Service", "IODeviceLatencyTargetSec"): (("/dev/sda 5ms",), ("/dev/sda 5 fortnights", "/dev/sda")),
    ("Service", "AllowedCPUs"): _CPUS,
    ("Service", "AllowedMemoryNodes"): _CPUS,
    ("Service", "CPUAffinity"): ((*_CPUS[0], "numa"), _CPUS[1]),
    ("Service", "NUMAMask"): ((*_CPUS[0], "all"), _CPUS[1]),
    ("Service", "IPAddressAllow"): (
        ("any", "10.0.0.0/8 localhost", "::1", "fe80::/10", "10.1.2.3/8"),
        ("127.0.0.300", "localhst", "10.0.0.0/33", "::1/129"),
    ),
    ("Service", "SocketBindAllow"): (
        ("tcp:80", "ipv4:udp:1000-2000", "any", "ipv6:tcp", "8000-8010"),
        ("tcp:99999", "icmp", "tcp:2-1", "tcp:0", "sctp:80"),
    ),
    ("Service", "Delegate"): (("yes", "cpu memory", "pids"), ("cpuu", "cpu memry")),
    ("Service", "MountFlags"): (("slave", "private"), ("shard", "rw")),
    ("Service", "CoredumpFilter"): (("all", "default private-huge", "0x33"), ("elf-header", "zz")),
    ("Service", "LogExtraFields"): (("A=b", '"A_B=c d" E=f'), ("lower=x", "A", "=x")),
    ("Service", "ManagedOOMMemoryPressureLimit"): (("50%", "12.5%"), ("half", "101%", "50")),
    ("Service", "PassEnvironment"): (("A B_1",), ("A-B", "1A", "A=b")),
    ("Service", "UnsetEnvironment"): (("A", "A=b"), ("A-B", "1A")),
    ("Service", "EnvironmentFile"): (("/a", "-/a"), ("a", "-a", "./a")),
    ("Service", "ReadWritePaths"): _PATHS,
    ("Service", "InaccessiblePaths"): _PATHS,
    ("Service", "BindPaths"): (("/a", "-/a:/b", "/a:/b:norbind"), ("a", "/a:b", "/a:/b:ro")),
    ("Service", "TemporaryFileSystem"): (("/a", "/a:size=1M,ro"), ("a", "/a b")),
    ("Service", "CPUSchedulingPriority"): ((), ("x", "100", "-1")),
    ("Service", "Sockets"): (("a.socket",), ("a.service", "a")),
    ("Service", "RootHash"): (("/a", "0123456789abcdef" * 4), ("a", "0123456789abcdef", "0123456789abcdeg" * 4)),
    ("Service", "RootHashSignature"): (("/a", "base64:aGVsbG8="), ("a", "-/a", "aGVsbG8=", "base64:aGVsbG8")),
    ("Service", "BPFProgram"): (
        ("egress:/sys/fs/bpf/a", "bind4:/a", "sock_ops:/a b"),
        ("/sys/fs/bpf/a", "egres:/a", "egress:a", "egress"),
    ),
    ("Service", "BusName"): (("org.example.A", "a.b-c._d", ":1.5"), ("example", "org.1a", "org..a", "org/example.a")),
    ("Service", "LimitNICE"): (
        ("5", "40", "+5", "-20", "0:40", "+19:-20", "0x10"),
        ("41", "+20", "-21", "infinity", "high", "10:5", "5:", "1.5"),
    ),
    ("Service", "SetCredential"): (("a:b", "a.b:c:d e"), ("a", "a:", "a/b:c", ":b")),
    ("Service", "LoadCredential"): (("a", "a:/b", "a:b", "a:/b c"), ("a/b:/c", ":/b", "a:./b", "..:/b")),
    ("Unit", "SuccessActionExitStatus"): _STATUS,
    ("Unit", "RequiresMountsFor"): (("/a /b", '"/a b"'), ("a", "/a/../b", "-/a")),
    ("Unit", "Documentation"): (("man:a(1) https://x.example/", "file:/a", "info:a"), ("htp://x", "x.example")),
    ("Unit", "ConditionPathExists"): _CONDITION,
    ("Unit", "AssertDirectoryNotEmpty"): _CONDITION,
    ("Socket", "ListenStream"): (("80", "127.0.0.1:80", "[::1]:80", "/run/a", "@a"), ("127.0.0.300:80", "run/a")),
    ("Socket", "ListenFIFO"): _ONE_PATH,
    ("Socket", "SocketProtocol"): (("sctp", "udplite"), ("tpc", "tcp")),
    ("Socket", "IPTOS"): (("low-delay", "16"), ("fast", "-1")),
    ("Socket", "Mark"): _NUMBER,
    ("Socket", "Symlinks"): (("/a /b", '"/a b"'), ("a", "/a b")),
    ("Swap", "Priority"): (("0", "10"), ("high", "1.5")),
}  # fmt: skip
SILENT: Mapping[tuple[str, str], Both] = {
    ("Service", "CapabilityBoundingSet"): (
        ("CAP_KILL", "~cap_sys_admin CAP_NET_RAW", "40"), ("CAP_KIL", "KILL", "CAP_NET_BIND_SERVCE", "99"),
    ),
    ("Service", "AmbientCapabilities"): (("CAP_KILL",), ("CAP_KIL",)),
    ("Service", "RestrictFileSystems"): (("ext4 tmpfs", "~@network"), ("ext5", "@netwrk")),
    ("Service", "DisableControllers"): (("memory",), ("cpu memry",)),
    ("Unit", "ConditionArchitecture"): (("x86-64", "!arm64", "native"), ("x86-46", "amd64")),
    ("Unit", "ConditionSecurity"): (("selinux", "|!apparmor"), ("slinux",)),
    ("Unit", "ConditionVirtualization"): (("yes", "!container", "docker", "vm"), ("dokcer",)),
    ("Unit", "ConditionCapability"): (("CAP_SYS_ADMIN",), ("CAP_SYS_ADMN",)),
}  # fmt: skip
"""Systemd says nothing of these, and drops them, or never finds that they hold."""


def trouble(section: str, key: str, value: str) -> str | None:
    kind = find_kind(section, key, VERSION)
    assert kind is not None
    return find_form_trouble(key, kind, value)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="asks this machine's systemd-analyze")
def test_systemd_complains_of_the_same(tmp_path: Path) -> None:
    """All values of a number in one file, and all files in one run."""
    asked: dict[tuple[str, int], tuple[str, str, str]] = {}
    paths: list[Path] = []
    most = max(len((*sound, *bad)) for sound, bad in VALUES.values())
    for section, number in ((each, number) for each in ENOUGH for number in range(most)):
        path = tmp_path / str(number) / NAMES[section].format(number)
        lines = [f"[{section}]"]
        for (home, key), (sound, bad) in VALUES.items():
            if home == section and number < len((*sound, *bad)):
                value = (*sound, *bad)[number]
                lines.append(f"{key}={value}")
                asked[str(path), len(lines)] = (section, key, value)
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join((*lines, ENOUGH[section].format(number), "")))
        paths += [path] if len(lines) > 1 else []
    command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin"})
    said = {(path, int(line)) for path, line in re.findall(r"(?m)^(/\S+):([0-9]+): ", done.stderr)}
    complained = {asked[at] for at in said if at in asked}
    ours = {each for each in asked.values() if trouble(*each)}
    assert sorted(ours - complained) == []
    assert sorted(complained - ours) == []
    assert len(ours) > 100


@pytest.mark.parametrize("at", [*VALUES, *SILENT])
def test_sound_values_are_taken_and_others_are_not(at: tuple[str, str]) -> None:
    sound, bad = {**VALUES, **SILENT}[at]
    assert [value for value in sound if trouble(*at, value)] == []
    assert [value for value in bad if not trouble(*at, value)] == []
    assert not trouble(*at, "%i"), "what a specifier stands for says each host"


@pytest.mark.parametrize(
    ("key", "value", "meant"),
    [
        ("SystemCallFilter", "@system-servise", "@system-service"),
        ("CapabilityBoundingSet", "CAP_NET_BIND_SERVCE", "CAP_NET_BIND_SERVICE"),
        ("RestrictAddressFamilies", "AF_INTE6", "AF_INET6"),
        ("SuccessExitStatus", "DATAER", "DATAERR"),
    ],
)
def test_what_was_meant(key: str, value: str, meant: str) -> None:
    said = trouble("Service", key, value)
    assert said is not None
    assert f"did you mean {meant}?" in said
    assert value not in said.replace(meant, "")


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("Mon 08:00 Europe/Oslow", "has an unknown time zone (did you mean Europe/Oslo?)"),
        ("Mon 08:00 Europe/Oslo", None), ("08:00 UTC", None), ("*:0/15", None), ("Mon *-*-* 0/2:00", None),
    ],
)  # fmt: skip
def test_zones_of_calendars(expression: str, said: str | None) -> None:
    assert find_zone_trouble(expression) == said


def test_the_zones_are_those_of_tzdata() -> None:
    """When tzdata knows a new one, it belongs into words.json."""
    here = zoneinfo.available_timezones()
    if not here:
        pytest.skip("no tzdata here")
    assert sorted(here - list_words(WordSet.ZONES) - {"localtime", "posixrules", "Factory"}) == []
    assert find_nearest_word(WordSet.ZONES, "Europe/Berln") == "Europe/Berlin"
