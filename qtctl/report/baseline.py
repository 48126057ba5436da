"""The host itself: OS, load, memory, disk; or why they are not known."""

from qtctl.model.evidence import Need, State
from qtctl.model.facts import Facts, HostBaseline
from qtctl.report.document import Part
from qtctl.report.markdown import UNKNOWN, plain, size, span, table


class Baseline(Part):
    """`value` only where `state` is observed. Bytes and seconds."""

    state: State
    reason: str | None
    value: HostBaseline | None


def baseline(facts: Facts) -> Baseline:
    item = facts.item(Need(HostBaseline.FACT, "host"))
    value = facts.read(HostBaseline, "host") if item.state.known else None
    return Baseline(state=item.state, reason=item.reason, value=value)


def baseline_lines(seen: Baseline) -> list[str]:
    if seen.value is None:
        return [f"{UNKNOWN}: {seen.state.value}" + (f" ({plain(seen.reason)})" if seen.reason else "")]
    host = seen.value
    rows = (
        ("host name", plain(host.hostname)),
        ("operating system", plain(host.os)),
        ("kernel", plain(host.kernel)),
        ("systemd", plain(host.systemd)),
        ("uptime", span(host.uptime_s)),
        ("load 1, 5, 15 min", ", ".join(f"{load:.2f}" for load in host.load) + f" on {host.cpus} CPUs"),
        ("memory", f"{size(host.memory_available)} of {size(host.memory_total)} available"),
        ("disk", f"{size(host.disk_free)} of {size(host.disk_total)} free"),
        ("timezone", plain(host.timezone)),
    )
    return table(("what", "value"), rows)
