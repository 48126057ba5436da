"""Jobs that were queued in systemd over a bus, and how each of them ended."""

from collections.abc import Mapping, Sequence

from qtctl.interfaces.host import BusCall, BusReply, JobResult

MANAGER = "org.freedesktop.systemd1.Manager"
MANAGER_PATH = "/org/freedesktop/systemd1"
SUBSCRIBE = BusCall(MANAGER_PATH, MANAGER, "Subscribe")


def list_queued(replies: Sequence[BusReply]) -> set[str]:
    """Object paths of the jobs that were queued."""
    return {_find_job(reply) for reply in replies if not reply.error}


def make_results(
    calls: Sequence[BusCall], replies: Sequence[BusReply], ended: Mapping[str, tuple[str, str]], deadline_s: float
) -> list[JobResult]:
    """How each call's job ended. `ended`: object path of a job → its unit and systemd's word for its end.

    `result` is that word, the D-Bus error name of a job that was not queued, or `deadline` if it had not ended.
    """
    return [_make_result(call, reply, ended, deadline_s) for call, reply in zip(calls, replies, strict=True)]


def _make_result(call: BusCall, reply: BusReply, ended: Mapping[str, tuple[str, str]], deadline_s: float) -> JobResult:
    unit = str(call.body[0]) if call.body else ""
    if reply.error:
        return JobResult(unit, reply.error, reply.message)
    job = _find_job(reply)
    if job not in ended:
        return JobResult(unit, "deadline", f"{job} had not ended after {deadline_s:g} s")
    removed, result = ended[job]
    return JobResult(unit or removed, result)


def _find_job(reply: BusReply) -> str:
    """The job that a reply names, or ''."""
    return str(reply.body[0]) if reply.body else ""
