"""Timers that run qtctl, as a registry declares them: a service and a timer like any other of the fleet."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from qtctl.dialects.paths import check_absolute_options
from qtctl.dialects.systemd.calendar import explain_calendar_trouble
from qtctl.dialects.toml.values import write_text, write_texts
from qtctl.errors import InputError
from qtctl.model.selection import HostSelection

TIMERS = "timers.toml"
STATE = "/var/lib"


class Job(StrEnum):
    AUDIT = "audit"
    SNAPSHOT = "snapshot"
    METRICS = "metrics"
    NOTIFY = "notify"


@dataclass(frozen=True, slots=True)
class Work:
    """What a job runs by default. `good`: exit codes besides 0 that are no failed run."""

    command: tuple[str, ...]
    summary: str
    why: str
    when: str
    good: tuple[int, ...] = ()


WORK: Mapping[Job, Work] = {
    Job.AUDIT: Work(
        ("audit",),
        "Audit",
        "Findings are in its journal; a run that could not judge anything fails.",
        "*:0/15",
        (1, 3),
    ),
    Job.SNAPSHOT: Work(("snapshot", "take"), "Snapshot", "The history of what hosts had, month by month.", "monthly"),
    Job.METRICS: Work(("metrics",), "Metrics", "The node exporter hands them to Prometheus.", "minutely"),
    Job.NOTIFY: Work(("notify",), "Notifications", "Channels are told what is new, worse and recovered.", "*:0/5"),
}
"""`audit` exits with 1 for findings and 3 for what is unknown: both are results, and the run has not failed."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """`on`: the host of the registry where the timer is. `wanted`: which hosts it looks at; none selected: only itself.

    `place`: where the result goes, a path there; "" if it goes nowhere. `program`, `registry`: their paths there.
    `when`: OnCalendar=, "" for the job's own. `account`: "" for that of the fleet. `options`: further ones.
    """

    job: Job
    on: str
    wanted: HostSelection
    program: str = "/usr/local/bin/qtctl"
    registry: str = "/etc/qtctl/registry"
    place: str = ""
    when: str = ""
    account: str = ""
    options: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Of service and timer in the registry."""
        return f"qtctl-{self.job.value}"

    @property
    def calendar(self) -> str:
        return self.when or WORK[self.job].when


def list_files(schedule: Schedule) -> dict[str, str]:
    """Name → text: a new file of a service, and a table for timers.toml. InputError if systemd would refuse it."""
    if why := explain_calendar_trouble(schedule.calendar):
        hint = 'as in OnCalendar=: hourly, "*:0/5", "*-*-* 04:00"'
        raise InputError(f"--when {schedule.calendar!r}: {why}", hint=hint)
    given = ("--program", schedule.program, "--registry-there", schedule.registry)
    check_absolute_options((*given, *_list_place_options(schedule), *_list_channels(schedule.options)))
    return {f"services/{schedule.name}.toml": _write_service(schedule), TIMERS: _write_timer(schedule)}


def make_command(schedule: Schedule) -> tuple[str, ...]:
    """The whole argv."""
    work = WORK[schedule.job]
    place = _list_place_options(schedule)
    hosts = _list_selection(schedule.wanted) if schedule.wanted.given else ("--host", "local", "--as", schedule.on)
    if not schedule.wanted.given and schedule.job in (Job.METRICS, Job.NOTIFY):
        hosts = ("--host", schedule.on)
    return (schedule.program, *work.command, *hosts, "--registry", schedule.registry, *place, *schedule.options)


def _list_place_options(schedule: Schedule) -> tuple[str, ...]:
    options = {Job.SNAPSHOT: "--store", Job.METRICS: "--textfile", Job.NOTIFY: "--state", Job.AUDIT: "--save"}
    return (options[schedule.job], schedule.place) if schedule.place else ()


def _list_channels(options: tuple[str, ...]) -> tuple[str, ...]:
    at = options.index("--channels") if "--channels" in options else len(options)
    return options[at : at + 2]


def _list_selection(wanted: HostSelection) -> tuple[str, ...]:
    every = ("--all-hosts",) if wanted.every else ()
    names = [word for name in wanted.names for word in ("--host", name)]
    excluded = [word for name in wanted.exclude for word in ("--exclude", name)]
    most = ("--max-hosts", str(wanted.most)) if wanted.most is not None else ()
    return (*every, *names, *excluded, *most)


def _write_service(schedule: Schedule) -> str:
    work = WORK[schedule.job]
    account = f"user = {write_text(schedule.account)}\n" if schedule.account else ""
    good = f"\n[restart]\nsuccess_exit_status = [{', '.join(map(str, work.good))}]\n" if work.good else ""
    return f"""\
summary = {write_text(f"{work.summary} by qtctl")}
state = "on-timer"
why = {write_text(work.why)}
category = "checks"
type = "oneshot"
hosts = [{write_text(schedule.on)}]
{account}
[run]
kind = "command"
{write_texts("argv", make_command(schedule))}
cwd = "/"

[env]
PYTHONPATH = ""
QTCTL_KEEP = "off"

[limits]
memory_high = "384M"
memory_max = "512M"

[timeouts]
start = "30min"
{good}{_write_folders(schedule.place)}"""


def _write_folders(place: str) -> str:
    """A folder directly below /var/lib is made for the account; any other must exist, and be writable for it."""
    folder, _, name = place.rpartition("/")
    top = folder or f"/{name}"
    for path in (place, top):
        above, _, own = path.rpartition("/")
        if above == STATE and own:
            return f'\n[directories]\nstate = [{write_text(own)}]\nstate_mode = "0700"\n'
    return f"\n[sandbox]\nread_write_paths = [{write_text(top)}]\n" if place else ""


def _write_timer(schedule: Schedule) -> str:
    work = WORK[schedule.job]
    persistent = "persistent = true\n" if schedule.job in (Job.SNAPSHOT, Job.AUDIT) else ""
    return f"""\
[{schedule.name}]
summary = {write_text(f"{work.summary} by qtctl, {schedule.calendar}")}
service = {write_text(schedule.name)}
hosts = [{write_text(schedule.on)}]
on_calendar = [{write_text(schedule.calendar)}]
{persistent}"""
