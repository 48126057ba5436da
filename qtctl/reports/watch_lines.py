"""Changes of hosts that are watched, as JSON objects or as lines of text."""

import json

from qtctl.dialects import terminal
from qtctl.model.watch import Change, Kind
from qtctl.reports.log_lines import write_moment


def write_object(change: Change) -> str:
    """One line without its end, in which nothing does anything to a terminal."""
    document = {
        "kind": change.kind.value,
        "at": write_moment(round(change.at * 1_000_000)),
        "host": change.host,
        "subject": change.subject,
        "before": change.before,
        "after": change.after,
        "why": change.why,
    }
    text = json.dumps(document, separators=(",", ":"))
    return text if text.isprintable() else terminal.show_json(text)


def describe(change: Change) -> str:
    """`web-1 ai-engine.service: active (running) → failed (failed)`."""
    what = f"{change.host} {change.subject}".strip()
    kind = f" {change.kind.value}" if change.kind not in (Kind.HOST, Kind.UNIT) else ""
    before = f"{change.before} → " if change.before else ""
    return f"{what}{kind}: {before}{change.after}" + (f" ({change.why})" if change.why else "")
