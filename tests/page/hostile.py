"""Names and answers of a host that wants to be more than text on a page."""

import json
from pathlib import Path
from typing import Any

from tests.docs.record import RECORDED
from tests.page.broken import break_host

SCRIPTS = (
    "<script>alert('host')</script>",
    "<img src=x onerror=alert('host')>",
    "\"><svg/onload=alert('host')>",
    "'><iframe srcdoc=\"<script>alert('host')</script>\">",
    "</title></style></script><script>alert('host')</script>",
    "</pre></li></ul></details><details open ontoggle=alert('host')>",
    "{{ 7*7 }}{% raw %}",
    "javascript:alert('host')",
    "\u202egpj.exe\u2066\x1b[31mred\x07",
)


def write_hostile(to: Path) -> Path:
    """Evidence of a broken host in which every line that the host printed, and every text, is one of these."""
    document = break_host(json.loads(RECORDED.read_text()))
    for number, item in enumerate(document["items"]):
        said = SCRIPTS[number % len(SCRIPTS)]
        item["line"] = said
        if item["reason"]:
            item["reason"] = said
        value: Any = item["value"]
        if item["fact"] == "unit" and value:
            value["description"] = said
            value["result"] = said
        if item["fact"] == "listeners" and value:
            value["rows"].append(["127.0.0.1", "9999", f"quantum-{said}.service", said])
        if item["fact"] == "unit.listing":
            value["units"].update({f"quantum-{each}.service": ["loaded", "failed", "failed"] for each in SCRIPTS})
    to.write_text(json.dumps(document))
    return to
