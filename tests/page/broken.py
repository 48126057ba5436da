"""The recorded host on a bad night: services that failed, streams that are late, a port that nobody has."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.docs.record import RECORDED

REGISTRY = RECORDED.parent.parent / "registry"
Change = Callable[[dict[str, Any]], None]
FAILED = ("quantum-ai-engine.service", "quantum-risk-guardian.service")
LOOPING = "quantum-portfolio-intelligence.service"
ADDED = 5000
BEHIND_MS = 60_000
"""A late group was given nothing for this long before the last entry: in the recording none may be behind."""
LATE_STREAMS = ("ai.decision.made", "ai.signal_generated")
LATE = {"ai-strategy-router": 4200, "ceo-brain": 130}


def _fail(item: dict[str, Any]) -> None:
    item["value"] |= {"active_state": "failed", "sub_state": "failed", "main_pid": 0, "result": "exit-code",
                      "exec_main_code": 1, "exec_main_status": 1}  # fmt: skip
    item["line"] = "ActiveState=failed"


def _loop(item: dict[str, Any]) -> None:
    item["value"] |= {"active_state": "activating", "sub_state": "auto-restart", "main_pid": 0, "n_restarts": 37,
                      "result": "exit-code", "exec_main_code": 1, "exec_main_status": 3}  # fmt: skip


def _refuse(item: dict[str, Any]) -> None:
    item |= {"state": "refused", "value": None, "line": "", "reason": "permission denied"}


def break_host(document: dict[str, Any]) -> dict[str, Any]:
    for item in document["items"]:
        fact, subject = item["fact"], item["subject"]
        if fact == "unit" and subject in FAILED:
            _fail(item)
        elif fact == "unit" and subject == LOOPING:
            _loop(item)
        elif fact == "stream.group" and item["value"] and subject.rpartition("/")[2] in LATE:
            lag = LATE[subject.rpartition("/")[2]]
            given_ms = int(item["value"]["last_delivered_id"].partition("-")[0]) - BEHIND_MS
            item["value"] |= {
                "lag": lag, "entries_read": ADDED - lag, "pending": 0, "last_delivered_id": f"{given_ms}-0"
            }  # fmt: skip
        elif fact == "stream" and subject.endswith(LATE_STREAMS):
            item["value"] |= {"added": ADDED, "length": ADDED}
        elif fact == "listeners" and subject == "tcp":
            item["value"]["rows"] = [row for row in item["value"]["rows"] if row[1] != "8001"]
        elif fact == "env" and "exchange" in subject:
            _refuse(item)
    return document


def write_broken(to: Path) -> Path:
    """Evidence of it, as a file."""
    to.write_text(json.dumps(break_host(json.loads(RECORDED.read_text()))))
    return to
