"""The host itself, as a reader sees it."""

from qtctl.reports.baseline import Baseline
from qtctl.reports.blocks import Blocks, Paragraph, make_table
from qtctl.reports.phrases import UNKNOWN, format_size, format_span


def show_baseline(seen: Baseline) -> Blocks:
    if seen.value is None:
        return (Paragraph(f"{UNKNOWN}: {seen.state.value}" + (f" ({seen.reason})" if seen.reason else "")),)
    host = seen.value
    rows = (
        ("host name", host.hostname),
        ("operating system", host.os),
        ("kernel", host.kernel),
        ("systemd", host.systemd),
        ("uptime", format_span(host.uptime_s)),
        ("load 1, 5, 15 min", ", ".join(f"{load:.2f}" for load in host.load) + f" on {host.cpus} CPUs"),
        ("memory", f"{format_size(host.memory_available)} of {format_size(host.memory_total)} available"),
        ("disk", f"{format_size(host.disk_free)} of {format_size(host.disk_total)} free"),
        ("timezone", host.timezone),
    )
    return make_table(("what", "value"), rows)
