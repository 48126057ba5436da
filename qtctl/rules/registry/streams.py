"""QT104: streams that have only one end."""

from collections.abc import Iterator

from qtctl.findings.finding import Finding, Severity
from qtctl.model.registry import Registry
from qtctl.model.service import Service
from qtctl.model.states import ServiceState
from qtctl.rules.view import View, ViewRule


def judge_streams(view: View) -> Iterator[Finding]:
    """Over the whole fleet: a stream may be written on one host and read on another."""
    if not view.first or view.partial:
        return
    registry = view.registry
    live = {name: s for name, s in registry.services.items() if s.state is not ServiceState.RETIRED}
    running = {name: s for name, s in live.items() if s.state is not ServiceState.STOPPED}
    written = {stream for service in running.values() for stream in service.streams.list_written()}
    read = {stream for service in running.values() for stream in service.streams.list_read()}
    for name, service in running.items():
        yield from _judge_starved(registry, name, service, written, live)
        yield from _judge_unheard(registry, name, service, read)


def _judge_starved(
    registry: Registry, name: str, service: Service, written: set[str], live: dict[str, Service]
) -> Iterator[Finding]:
    for stream in service.streams.consumes:
        if stream in written:
            continue
        stopped = sorted(other for other, each in live.items() if stream in each.streams.list_written())
        why = f"; {', '.join(stopped)} would, and is declared stopped" if stopped else ""
        yield QT104.make_broken(
            stream,
            f"is consumed by {name}, and nothing that runs publishes it{why}",
            "name the service that writes it in its streams.publishes, or consume the stream that is written",
            registry.origins["services", name].at("streams", "consumes", stream),
        )


def _judge_unheard(registry: Registry, name: str, service: Service, read: set[str]) -> Iterator[Finding]:
    for stream in service.streams.publishes:
        if stream in read:
            continue
        yield QT104.make_broken(
            stream,
            f"is published by {name}, and nothing that runs consumes or reads it",
            "declare who reads it, or stop writing it",
            registry.origins["services", name].at("streams", "publishes"),
            severity=Severity.INFO,
        )


QT104 = ViewRule(
    "QT104",
    "stream with one end only",
    Severity.WARNING,
    what="A stream is consumed, and no running service anywhere in the fleet publishes it; or (as information) it is "
    "published, and nothing consumes or reads it.",
    why="A consumer without a publisher waits forever and looks healthy: the data flow drawn through it does not "
    "exist. One fleet's flow chart had such a link: sizing.final, a stream that was on no list.",
    fix="Declare who publishes it (`streams.publishes`), or name the stream that is really written.",
    look=judge_streams,
)
RULES = (QT104,)
