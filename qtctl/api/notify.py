"""Tell channels what is new, worse and recovered since they were last told. No notification is sent twice."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from qtctl.findings.finding import Finding
from qtctl.findings.notice import Notice, Problems
from qtctl.notify.channels import Channel, Channels, read_channels
from qtctl.notify.sending import Sent, send
from qtctl.notify.state import State, open_state
from qtctl.reports.audit import AuditReport
from qtctl.reports.notices import (
    begin_sending,
    confirm,
    describe_notice,
    list_problems,
    make_document,
    plan_notices,
)

__all__ = [
    "Channels",
    "Delivery",
    "Run",
    "Sent",
    "State",
    "find_problems",
    "locate_state",
    "notify",
    "open_state",
    "preview",
    "read_channels",
]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a notification. `waiting`: how many wait for the hour to end, or for quiet hours to."""

    channel: str
    said: str
    sent: Sent | None
    why: str = ""
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """One run of notifications. `now_s`: since the epoch; `at`: the same in ISO 8601. `safe`: hides what no output may
    show.
    """

    fleet: str
    now_s: float
    at: str
    safe: Callable[[str], str]


def find_problems(
    reports: Sequence[AuditReport], compared: Iterable[Finding] | None, declared: Iterable[str]
) -> Problems:
    """As `list_problems`."""
    return list_problems(reports, compared, declared)


def preview(channels: Channels, state: State, problems: Problems, now_s: float) -> Iterator[Delivery]:
    """What `notify` would send; nothing is sent or written."""
    for channel in channels.channels:
        notices, waiting = plan_notices(
            confirm(state.get(channel.name)), problems, channels.make_rules(channel, now_s), now_s
        )
        yield from (Delivery(channel.name, describe_notice(each), None) for each in notices)
        if waiting:
            yield Delivery(channel.name, "", None, waiting=waiting)


def notify(channels: Channels, state: State, problems: Problems, run: Run) -> Iterator[Delivery]:
    """Send what is due, one after the other. A channel that fails is left until the next run; others go on."""
    for channel in channels.channels:
        yield from _tell_doubt(channel, state)
        told = state.get(channel.name)
        notices, waiting = plan_notices(told, problems, channels.make_rules(channel, run.now_s), run.now_s)
        for notice in notices:
            delivery = _send_one(channel, state, notice, run)
            yield delivery
            if delivery.sent is not Sent.DELIVERED:
                break
        if waiting:
            yield Delivery(channel.name, "", None, waiting=waiting)


def _tell_doubt(channel: Channel, state: State) -> Iterator[Delivery]:
    """A notification that an earlier run was about to send when it was ended is not sent again."""
    told = state.get(channel.name)
    if told.pending is not None:
        state.put(channel.name, confirm(told))
        yield Delivery(channel.name, describe_notice(told.pending), Sent.IN_DOUBT, "qtctl was ended while it was sent")


def _send_one(channel: Channel, state: State, notice: Notice, run: Run) -> Delivery:
    before = state.get(channel.name)
    document = make_document(notice, run.fleet, run.at)
    sent, why = send(
        channel, hide(document, run.safe), lambda: state.put(channel.name, begin_sending(before, notice, run.now_s))
    )
    after = state.get(channel.name)
    if after.pending is not None:
        state.put(channel.name, before if sent is Sent.NOT_SENT else confirm(after))
    return Delivery(channel.name, describe_notice(notice), sent, why)


def hide(document: object, safe: Callable[[str], str]) -> dict[str, object]:
    """Each text of the document as it may be shown."""
    found = _hide(document, safe)
    assert isinstance(found, dict)  # noqa: S101 - a document is one
    return found


def _hide(value: object, safe: Callable[[str], str]) -> object:
    if isinstance(value, dict):
        return {key: _hide(each, safe) for key, each in value.items()}
    if isinstance(value, list):
        return [_hide(each, safe) for each in value]
    return safe(value) if isinstance(value, str) else value


def locate_state(named: Path | None, environ: "dict[str, str]") -> Path:
    """`named`, or the file in $XDG_STATE_HOME or ~/.local/state."""
    base = environ.get("XDG_STATE_HOME", "")
    home = Path(base) if base.startswith("/") else Path(environ.get("HOME") or "/") / ".local" / "state"
    return named or home / "qtctl" / "notify.json"
