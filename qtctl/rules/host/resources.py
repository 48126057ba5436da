"""QT702, QT703, QT704: room on file systems, memory and swap, load and waiting."""

from collections.abc import Iterable
from functools import partial

from qtctl.dialects.shell import quote
from qtctl.findings.finding import Severity
from qtctl.findings.remedy import make_steps
from qtctl.meaning.write_paths import write_paths
from qtctl.model.desired import Desired
from qtctl.model.desired_host import HostLimits
from qtctl.model.evidence import Need, State
from qtctl.model.facts import Facts, HostBaseline
from qtctl.model.host_facts import FileSystem, HostState
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, ProofSource, Rule, Verdict

BASELINE, STATE = Need(HostBaseline.FACT, "host"), Need(HostState.FACT, "host")
SWAPPING = 4
"""Full swap counts if less than this many times the minimum of memory is available: unused pages may stay there."""


def compute_percent(part: int, whole: int) -> int:
    """Rounded up, as df does; 0 for nothing."""
    return -(-100 * part // whole) if whole > 0 else 0


def _expect_room(desired: Desired) -> tuple[Expectation, ...]:
    paths, limits = write_paths(desired), desired.limits
    wanted = {"used_percent": limits.disk_used, "inodes_percent": limits.inodes_used}
    return tuple(
        Expectation(
            path, {**wanted}, (_make_need(path),), partial(_has_room, path=path, before=paths[:at], limits=limits)
        )
        for at, path in enumerate(paths)
    )


def _make_need(path: str) -> Need:
    return Need(FileSystem.FACT, path)


def _has_room(facts: Facts, path: str, before: tuple[str, ...], limits: HostLimits) -> Judgment:
    """Each file system is judged once, by the first path on it."""
    found = facts.read(FileSystem, path)
    if found is None or found.used + found.available == 0 or found.id in _list_ids(facts, before):
        return NOT_JUDGED
    mount = found.mount or path
    used = compute_percent(found.used, found.used + found.available)
    inodes = compute_percent(found.inodes - found.inodes_free, found.inodes)
    sources = []
    if used > limits.disk_used:
        sources.append(_prove_df(path, "pcent", used))
    if inodes > limits.inodes_used:
        sources.append(_prove_df(path, "ipcent", inodes))
    what = ("-h",) if used > limits.disk_used else ("--inodes",)
    remedy = make_steps(
        ("du", "-x", *what, "--max-depth=2", mount), "remove what nobody needs, or make the file system larger"
    )
    observed = {"used_percent": used, "inodes_percent": inodes}
    return Verdict(not sources, {**observed}, tuple(sources), subject=mount, remedy=remedy)


def _list_ids(facts: Facts, paths: Iterable[str]) -> set[str]:
    return {
        found.id
        for path in paths
        if facts.find_item(_make_need(path)).state is State.OBSERVED
        and (found := facts.read(FileSystem, path)) is not None
    }


def _prove_df(path: str, column: str, value: int) -> ProofSource:
    return ProofSource(_make_need(path), f"df --output={column} {quote(path)} | tail -n 1 | tr -d ' '", f"{value}%")


def _expect_memory(desired: Desired) -> tuple[Expectation, ...]:
    limits = desired.limits
    return (
        Expectation(
            "memory", {"available_percent": limits.memory_available}, (BASELINE,), partial(_judge_left, limits=limits)
        ),
        Expectation("swap", {"used_percent": limits.swap_used}, (BASELINE, STATE), partial(_judge_swap, limits=limits)),
        _make_load_expectation("pressure", "memory", limits.memory_pressure),
    )


HUNGRY = make_steps(
    ("ps", "-eo", "rss,unit:40,comm", "--sort=-rss"), "restart or limit what has the most, or give the host more memory"
)


def _judge_left(facts: Facts, limits: HostLimits) -> Verdict:
    left = _find_available(facts)
    program = '/^MemTotal:/{t=$2} /^MemAvailable:/{printf "%d%%\\n", 100*$2/t}'
    source = ProofSource(BASELINE, f"awk '{program}' /proc/meminfo", f"{left}%")
    return Verdict(left >= limits.memory_available, {"available_percent": left}, (source,), remedy=HUNGRY)


def _find_available(facts: Facts) -> int:
    host = facts.read(HostBaseline, "host")
    return 100 if host is None or not host.memory_total else 100 * host.memory_available // host.memory_total


def _judge_swap(facts: Facts, limits: HostLimits) -> Judgment:
    state = facts.read(HostState, "host")
    if state is None or state.swap_total == 0:
        return NOT_JUDGED
    used = compute_percent(state.swap_total - state.swap_free, state.swap_total)
    short = _find_available(facts) < SWAPPING * limits.memory_available
    program = '/^SwapTotal:/{t=$2} /^SwapFree:/{f=$2} END{printf "%d%%\\n", (100*(t-f)+t-1)/t}'
    source = ProofSource(STATE, f"awk '{program}' /proc/meminfo", f"{used}%")
    return Verdict(not (short and used > limits.swap_used), {"used_percent": used}, (source,), remedy=HUNGRY)


def _load(desired: Desired) -> tuple[Expectation, ...]:
    limits = desired.limits
    return (
        Expectation("load", {"per_cpu": limits.load_per_cpu}, (BASELINE,), partial(_is_loaded, limits=limits)),
        _make_load_expectation("io", "io", limits.io_pressure),
    )


def _is_loaded(facts: Facts, limits: HostLimits) -> Judgment:
    """Over five and over fifteen minutes: a load that has just begun, or is just over, is not a finding."""
    host = facts.read(HostBaseline, "host")
    if host is None or len(host.load) < 3 or host.cpus < 1:  # noqa: PLR2004 - 1, 5 and 15 minutes
        return NOT_JUDGED
    load = min(host.load[1:3])
    source = ProofSource(BASELINE, "cut -d ' ' -f 2,3 /proc/loadavg", f"{host.load[1]:.2f} {host.load[2]:.2f}")
    busy = ("ps", "-eo", "stat,pcpu,unit:40,comm", "--sort=-pcpu")
    remedy = make_steps(busy, "stop or limit what computes, and see what waits for a disk or a network (D)")
    return Verdict(load <= limits.load_per_cpu * host.cpus, {"load": load, "cpus": host.cpus}, (source,), remedy=remedy)


def _make_load_expectation(subject: str, resource: str, most: int) -> Expectation:
    judge = partial(_judge_load, resource=resource, most=most)
    return Expectation(subject, {"all_tasks_wait_percent": most}, (STATE,), judge)


def _judge_load(facts: Facts, resource: str, most: int) -> Judgment:
    state = facts.read(HostState, "host")
    averages = state.pressure.get(resource, []) if state else []
    if len(averages) < 2:  # noqa: PLR2004 - some tasks, and all of them; a kernel without PSI says nothing
        return NOT_JUDGED
    again = f"grep -o 'full.*avg300=[0-9.]*' /proc/pressure/{resource} | cut -d = -f 4"
    remedy = make_steps(("systemd-cgtop", "-b", "-n", "2"), f"stop or limit the units that use the most {resource}")
    source = ProofSource(STATE, again, f"{averages[1]:.2f}")
    return Verdict(averages[1] <= most, {"all_tasks_wait_percent": averages[1]}, (source,), remedy=remedy)


QT702 = Rule(
    "QT702",
    "file system is almost full",
    Severity.ERROR,
    several="file systems are almost full",
    what="A file system that the fleet or the host itself writes to has more in use than `disk_used` or `inodes_used` "
    "of `[thresholds.host]` in fleet.toml allow, 90 % where nothing is declared. In use is what df says: space "
    "reserved for root is not counted. The subject is the mount point.",
    why="A full disk stops everything that writes: Redis refuses its writers, journald drops messages, and a service "
    "leaves half a file. A file system without a free inode says `No space left on device` while df shows room.",
    fix="See what fills it with `du -xh --max-depth=2 MOUNT | sort -h`, and `du -x --inodes` for many small files. "
    "`journalctl --vacuum-size=500M` and `apt-get clean` free some at once.",
    expect=_expect_room,
)
QT703 = Rule(
    "QT703",
    "host is short of memory",
    Severity.ERROR,
    several="signs that the host is short of memory",
    what="Less memory is available than `memory_available` of `[thresholds.host]` says (5 %), swap is fuller than "
    "`swap_used` while little memory is available, or for more than `memory_pressure` percent of the last five minutes "
    "every task waited for memory. Available is the kernel's MemAvailable, so caches count as free.",
    why="The next request for memory gets a process killed, and the kernel chooses which: mostly the largest, which "
    "is the model that trades. Before that, everything on the host is slow.",
    fix="`ps -eo rss,unit:40,args --sort=-rss | head` shows who has the memory. Restart what leaks, give services a "
    "`memory_max`, or give the host more.",
    expect=_expect_memory,
)
QT704 = Rule(
    "QT704",
    "host is overloaded",
    Severity.WARNING,
    several="signs that the host is overloaded",
    what="The load per processor was above `load_per_cpu` of `[thresholds.host]` (10) over five and over fifteen "
    "minutes, or for more than `io_pressure` percent of five minutes every task waited for I/O. A short peak is not a "
    "finding.",
    why="Everything is late on such a host: ticks are handled after the price has moved, health checks time out, and "
    "systemd kills what does not start in time. What fails first is seldom the cause.",
    fix="`top` shows what uses the processors, `ps -eo stat,unit:40,args | grep ^D` what waits for a disk or a "
    "network. Stop or limit that, or move it to another host.",
    expect=_load,
)
RULES = (QT702, QT703, QT704)
