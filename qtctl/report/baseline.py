"""The host itself: OS, load, memory, disk; or why they are not known."""

from qtctl.model.evidence import Need, State
from qtctl.model.facts import Facts, HostBaseline
from qtctl.report.blocks import Blocks, Paragraph, table
from qtctl.report.document import Part
from qtctl.report.phrases import UNKNOWN, size, span


class Baseline(Part):
    """`value` only where `state` is observed. Bytes and seconds."""

    state: State
    reason: str | None
    value: HostBaseline | None


def baseline(facts: Facts) -> Baseline:
    item = facts.item(Need(HostBaseline.FACT, "host"))
    value = facts.read(HostBaseline, "host") if item.state.known else None
    return Baseline(state=item.state, reason=item.reason, value=value)


def baseline_blocks(seen: Baseline) -> Blocks:
    if seen.value is None:
        return (Paragraph(f"{UNKNOWN}: {seen.state.value}" + (f" ({seen.reason})" if seen.reason else "")),)
    host = seen.value
    rows = (
        ("host name", host.hostname),
        ("operating system", host.os),
        ("kernel", host.kernel),
        ("systemd", host.systemd),
        ("uptime", span(host.uptime_s)),
        ("load 1, 5, 15 min", ", ".join(f"{load:.2f}" for load in host.load) + f" on {host.cpus} CPUs"),
        ("memory", f"{size(host.memory_available)} of {size(host.memory_total)} available"),
        ("disk", f"{size(host.disk_free)} of {size(host.disk_total)} free"),
        ("timezone", host.timezone),
    )
    return table(("what", "value"), rows)
