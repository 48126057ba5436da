"""Runs on a host: changes one directive of a running unit after another, and says whether the new value is in force.

Argument: a file with a list of [section, directive, old value, new value, class]. Output: for each a line of JSON,
[section, directive, what is wrong]: '' if the unit, after what its class asks for, is as after a stop and a start,
by what systemd has loaded, and by what the process, its control group and the journal's files show.

Or a file with an object: `runs`, a list of [unit, old text, new text], gives those that run with either;
`units`, a list of names, gives for each, as it runs now, what is not as after a stop and a start.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

NAME, HELD, CANNOT = "changing", "changing-held.service", "cannot run here"
UNITS = Path("/etc/systemd/system")
NAMESPACES = ("cgroup", "mnt", "net", "pid", "user", "uts", "ipc")
FILES = ("limits", "oom_score_adj", "timerslack_ns", "personality", "comm", "coredump_filter", "cgroup")
KNOBS = (".max", ".high", ".low", ".min", ".weight", "group")
BASE = {
    "Service": "[Unit]\n{unit}\n[Service]\nType=exec\nExecStart=/bin/sleep inf\nTimeoutStopSec=5\n{own}\n",
    "Socket": "[Unit]\n{unit}\n[Socket]\nListenStream=/run/changing.sock\nService=changing-held.service\n{own}\n",
    "Path": "[Unit]\n{unit}\n[Path]\nPathExists=/nowhere/at/all\nUnit=changing-held.service\n{own}\n",
    "Timer": "[Unit]\n{unit}\n[Timer]\nOnActiveSec=9h\nUnit=changing-held.service\n{own}\n",
    "Slice": "[Unit]\n{unit}\n[Slice]\n{own}\n",
    "Mount": "[Unit]\n{unit}\n[Mount]\nWhat=tmpfs\nWhere=/changing\nType=tmpfs\n{own}\n",
}
VOLATILE = re.compile(
    r"(.*Timestamp.*|.*PID|InvocationID|NeedDaemonReload|.*Elapse.*|Last.*|.*Usage.*|.*Current|.*Available|IO.*(Bytes|"
    r"Operations)|IP.*(Bytes|Packets)|CPUUsage.*|Tasks.*Current|MemoryPeak|NRestarts|StatusText|Job|ExecStart.*|Exec.*|"
    r"NFileDescriptorStore|Control(PID|Group.*)|EffectiveCPUs|EffectiveMemoryNodes|TriggeredBy|ReferencedBy|NAccepted|"
    r"SourcePath|RequiredBy|WantedBy|BoundBy|ConsistsOf|ConditionResult|AssertResult|Conditions|Asserts|After|Before|TimersCalendar|"
    r"TimersMonotonic|Names|Refs|Result|SubState|ActiveState|Can.*|UID|GID|Effective.*)="
)
STATUS = ("Umask", "Uid", "Gid", "Groups", "SigIgn", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs",
          "Seccomp", "Seccomp_filters", "Cpus_allowed", "Mems_allowed", "CoreDumping", "THP_enabled")  # fmt: skip
OWN_ENVIRONMENT = ("INVOCATION_ID=", "JOURNAL_STREAM=", "SYSTEMD_EXEC_PID=", "MEMORY_PRESSURE", "WATCHDOG_PID=")


def run(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=False).stdout


def read(path: str) -> str:
    try:
        return Path(path).read_bytes()[:100000].decode("utf-8", "replace")
    except OSError as error:
        return type(error).__name__


def link(path: str) -> str:
    try:
        return re.sub(r"\[[0-9]+\]", "[]", str(Path(path).readlink()))
    except OSError as error:
        return type(error).__name__


def show(unit: str, name: str) -> str:
    return run("systemctl", "show", "-P", name, unit).strip()


def loaded(unit: str) -> list[object]:
    lines = run("systemctl", "show", unit).splitlines()
    return [*sorted(sort_words(line) for line in lines if not VOLATILE.match(line))]


def sort_words(line: str) -> str:
    """Of a list systemd gives the items in any order."""
    key, _, value = line.partition("=")
    return f"{key}={' '.join(sorted(value.split()))}"


def process(unit: str) -> list[object]:
    pid = show(unit, "MainPID")
    if pid in ("", "0"):
        return []
    base = f"/proc/{pid}"
    status = [line for line in read(f"{base}/status").splitlines() if line.split(":")[0] in STATUS]
    environment = sorted(each for each in read(f"{base}/environ").split("\0") if not each.startswith(OWN_ENVIRONMENT))
    apart = [name for name in NAMESPACES if link(f"{base}/ns/{name}") != link(f"/proc/1/ns/{name}")]
    mounts = sorted(" ".join(line.split()[3:7]) for line in read(f"{base}/mountinfo").splitlines())
    outputs = [link(f"{base}/fd/{number}") for number in range(3)]
    scheduled = re.sub(r"pid [0-9]+", "pid", run("chrt", "-p", pid) + run("ionice", "-p", pid))
    rest = [read(f"{base}/{name}") for name in FILES]
    nice = read(f"{base}/stat").rpartition(")")[2].split()[15:17]
    paths = [link(f"{base}/cwd"), link(f"{base}/root")]
    return [*status, environment, apart, mounts if "mnt" in apart else [], outputs, scheduled, *rest, nice, paths]


def group(unit: str) -> list[object]:
    path = show(unit, "ControlGroup")
    folder = Path(f"/sys/fs/cgroup{path}")
    if not path or not folder.is_dir():
        return []
    names = sorted(name for name in os.listxattr(folder) if "invocation" not in name)
    knobs = sorted(each for each in folder.iterdir() if each.name.endswith(KNOBS))
    return [*((name, os.getxattr(folder, name)) for name in names), *((each.name, read(str(each))) for each in knobs)]


def journal(unit: str) -> list[object]:
    found = sorted(Path("/run/systemd/units").glob(f"*:{unit}"))
    return [(each.name, link(str(each)), read(str(each))) for each in found if not each.name.startswith("invocation")]


def seen(unit: str) -> dict[str, list[object]]:
    return {"loaded": loaded(unit), "process": process(unit), "group": group(unit), "journal": journal(unit)}


def write(unit: str, section: str, line: str, kind: str) -> None:
    text = BASE[kind].format(unit=line if section == "Unit" else "", own=line if section != "Unit" else "")
    (UNITS / unit).write_text(text)


def is_active(unit: str) -> bool:
    return show(unit, "ActiveState") == "active"


def start(unit: str) -> bool:
    run("systemctl", "reset-failed", unit)
    run("systemctl", "start", unit)
    return is_active(unit)


def apply(unit: str, needed: str) -> None:
    anew = needed in ("restart", "recreate")
    if anew:
        run("systemctl", "stop", unit)
    run("systemctl", "daemon-reload")
    if needed == "reload":
        run("systemctl", "reload", unit)
    if anew:
        start(unit)


def change(section: str, key: str, values: tuple[str, str], needed: str) -> str:
    kind = "Service" if section == "Unit" else section
    unit = f"{NAME}.{kind.lower()}"
    run("systemctl", "stop", unit)
    write(unit, section, f"{key}={values[0]}", kind)
    run("systemctl", "daemon-reload")
    if not start(unit):
        return CANNOT
    before = show(unit, "InvocationID")
    write(unit, section, f"{key}={values[1]}", kind)
    apply(unit, needed)
    if not is_active(unit):
        return CANNOT
    if (show(unit, "InvocationID") == before) != (needed not in ("restart", "recreate")):
        return "started anew, or not, other than its class says"
    first = seen(unit)
    run("systemctl", "stop", unit)
    return compare(first, seen(unit)) if start(unit) else CANNOT


def runs(units: list[list[str]]) -> set[str]:
    """Those of [unit, old text, new text] that can be started with either text, and stopped again."""
    names, good = [each[0] for each in units], {each[0] for each in units}
    for number in (1, 2):
        for each in units:
            (UNITS / each[0]).write_text(each[number])
        run("systemctl", "daemon-reload")
        run("systemctl", "start", *names)
        good &= {name for name in names if is_active(name)}
        run("systemctl", "stop", *names)
        good -= {name for name in names if is_active(name)}
    for name in names:
        (UNITS / name).unlink(missing_ok=True)
    run("systemctl", "daemon-reload")
    run("systemctl", "reset-failed")
    return good


def differs_when_started_anew(unit: str) -> str:
    first = seen(unit)
    run("systemctl", "stop", unit)
    return compare(first, seen(unit)) if start(unit) else CANNOT


def answer(given: dict[str, Any]) -> None:
    for unit in runs(given.get("runs", [])):
        sys.stdout.write(json.dumps([unit, "runs"]) + "\n")
    for unit in given.get("units", []):
        sys.stdout.write(json.dumps([unit, differs_when_started_anew(unit)]) + "\n")


def compare(first: dict[str, list[object]], second: dict[str, list[object]]) -> str:
    for what, found in first.items():
        differs = [(a, b) for a, b in zip(found, second[what], strict=False) if a != b]
        if found != second[what]:
            return f"{what}: {str(differs[:1] or (found, second[what]))[:400]}"
    return ""


def clean() -> None:
    names = [f"{NAME}.{kind.lower()}" for kind in BASE]
    run("systemctl", "stop", *names)
    for name in (*names, HELD):
        (UNITS / name).unlink(missing_ok=True)
    run("systemctl", "daemon-reload")
    run("systemctl", "reset-failed", *names)


def main() -> None:
    given = json.loads(Path(sys.argv[1]).read_text())
    (UNITS / HELD).write_text("[Service]\nType=oneshot\nExecStart=/bin/true\n")
    if isinstance(given, dict):
        answer(given)
        return
    try:
        for section, key, old, new, needed in given:
            sys.stdout.write(json.dumps([section, key, change(section, key, (old, new), needed)]) + "\n")
    finally:
        clean()


main()
