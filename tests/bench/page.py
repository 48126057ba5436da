"""python -m tests.bench.page [HOSTS [FINDINGS]]: how fast the page of a large fleet opens in a browser, and filters.

By default 1,000 hosts with 20 findings each, of twelve kinds, all on different subjects, and as many hosts in full as
a page has. `open` is from the start of
the navigation until the first frame after the page is loaded; `filter` from a key of the search to the frame that shows
its result, the slowest of several. Beside both is the processor time that the page's thread took, which a busy machine
does not change much. Exit 1 if one is over its aim. Nothing is asked of any host.
"""

import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, Page

from qtctl.api.fleet_pages import HostPages
from qtctl.findings.finding import Finding, Outcome, Proof, Severity
from qtctl.formats.pages.html import write
from qtctl.reports.fleet import build_report
from qtctl.reports.fleet_sheet import MOST
from qtctl.reports.fleet_view import build_view
from qtctl.reports.view import keep_name
from tests.page.browser import start, view
from tests.page.fleet import make_results
from tests.reports.fleets import report

HOSTS, FINDINGS = 1000, 20
OPEN_S, FILTER_MS = 2.0, 100.0
ROUNDS = 3
KINDS = (
    ("QT201", "unit missing", Severity.ERROR), ("QT204", "unit failed", Severity.ERROR),
    ("QT205", "restart loop", Severity.ERROR), ("QT301", "declared port nobody listens on", Severity.ERROR),
    ("QT303", "port on another address", Severity.WARNING), ("QT401", "venv broken", Severity.ERROR),
    ("QT505", "consumer group behind its limit", Severity.WARNING), ("QT604", "env file differs", Severity.WARNING),
    ("QT702", "file system nearly full", Severity.WARNING), ("QT703", "memory scarce", Severity.WARNING),
    ("QT218", "restarted lately", Severity.INFO), ("QT801", "unit that nothing declares", Severity.INFO),
)  # fmt: skip
QUERIES = ("host-07", "service-3", "qt505", "memory", "nothing of this name", "host-512 port")
KEY = """async (text) => {
    const box = document.getElementById("q");
    const begun = performance.now();
    box.value = text;
    box.dispatchEvent(new InputEvent("input", { bubbles: true }));
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    return performance.now() - begun;
}"""
SETTLED = "() => new Promise((done) => requestIdleCallback(() => setTimeout(done, 200)))"


def make_findings(host: str, number: int, findings: int) -> list[Finding]:
    made = []
    for at in range(findings):
        id_, title, severity = KINDS[(number + at) % len(KINDS)]
        subject = f"service-{at}-{number % 37}.service"
        again = f"systemctl show -p ActiveState,SubState,Result,NRestarts {subject}"
        made.append(
            Finding(
                id=id_, outcome=Outcome.BROKEN, severity=severity, title=title, subject=subject, host=host,
                expected={"active": "active"}, observed={"active": "failed", "exit": 1, "restarts": at},
                proof=(Proof(0, again, "ActiveState=failed", "2026-11-29T18:06:16Z"),),
                remedy=f"journalctl -u {subject} -n 50 --no-pager; fix the cause, then start it",
                commands=(("journalctl", "-u", subject, "-n", "50", "--no-pager"), ("systemctl", "start", subject)),
                fingerprint=f"{number:08x}{at:08x}",
            )
        )  # fmt: skip
    return made


def write_page(hosts: int, findings: int, to: Path) -> float:
    """Seconds that it took to write."""
    checks = [(f"host-{at:04}", make_findings(f"host-{at:04}", at, findings)) for at in range(hosts)]
    reports = [report(host, each) for host, each in checks]
    names = tuple(host for host, _ in checks[:MOST])
    basis, results = make_results(names, names[: MOST // 2])
    pages = HostPages(basis)
    for each in results:
        pages.take(each)
    begun = time.perf_counter()
    to.write_text(write(build_view(build_report(reports), checks, (), keep_name, hosts=pages.show)))
    return time.perf_counter() - begun


class Clock:
    """Processor time of the page's thread, in seconds."""

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)
        self._session.send("Performance.enable")

    def read(self) -> float:
        found = self._session.send("Performance.getMetrics")["metrics"]
        return next(float(each["value"]) for each in found if each["name"] == "ThreadTime")


def measure_opening(browser: Browser, file: Path) -> tuple[float, float]:
    """Seconds until the first frame after it was loaded again; those of them in which its thread was at work."""
    with view(browser, file) as opened:
        clock = Clock(opened.page)
        begun = clock.read()
        opened.page.reload(wait_until="load", timeout=120_000)
        ms: float = opened.page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now()), 0)))"
        )
        return ms / 1000, clock.read() - begun


def main() -> int:
    hosts = int(sys.argv[1]) if len(sys.argv) > 1 else HOSTS
    findings = int(sys.argv[2]) if len(sys.argv) > 2 else FINDINGS
    with tempfile.TemporaryDirectory(prefix="qtctl-bench-") as folder, start() as browser:
        file = Path(folder) / "page.html"
        written_s = write_page(hosts, findings, file)
        size_mb = file.stat().st_size / 1_000_000
        openings = [measure_opening(browser, file) for _ in range(ROUNDS)]
        with view(browser, file) as opened:
            clock = Clock(opened.page)
            opened.page.evaluate(SETTLED)
            begun = clock.read()
            found = [opened.page.evaluate(KEY, text) for _ in range(2) for text in QUERIES]
            filter_cpu_ms = (clock.read() - begun) / len(found) * 1000
            said = opened.said
    opening_s, opening_cpu_s = (median(values) for values in zip(*openings, strict=True))
    rows = (
        ("written, s", f"{written_s:.1f}", ""),
        ("size, MB", f"{size_mb:.1f}", ""),
        ("open, s", f"{opening_s:.2f}", f"{OPEN_S:.1f}"),
        ("filter, slowest, ms", f"{max(found):.0f}", f"{FILTER_MS:.0f}"),
        ("filter, median, ms", f"{median(found):.0f}", ""),
        ("open, processor, s", f"{opening_cpu_s:.2f}", ""),
        ("filter, processor, ms", f"{filter_cpu_ms:.0f}", ""),
    )
    sys.stdout.write(
        f"{hosts:,} hosts, {hosts * findings:,} findings; load of the machine {os.getloadavg()[0]:.1f}\n\n"
    )
    sys.stdout.write("| figure | here | aim, at most |\n|---|--:|--:|\n")
    sys.stdout.writelines(f"| {what} | {here} | {aim} |\n" for what, here, aim in rows)
    for each in said:
        sys.stdout.write(f"the page said: {each}\n")
    return 1 if said or opening_s > OPEN_S or max(found) > FILTER_MS else 0


if __name__ == "__main__":
    sys.exit(main())
