"""Every kind of contradiction in a small document of its own, each with a corrected version beside it."""

import pytest

from qtctl.rules.claims.document import RULES
from tests.claims.judging import broken, true

TABLE = """\
| Category | Count | % |
|---|---|---|
| Running | 6 | 60% |
| Stopped | 3 | 30% |
| Failed | 1 | 10% |
| Total | 10 | 100% |
"""
PORTS = """\
# Move to systemd

| Container | Unit | Port Docker | Port systemd |
|---|---|---|---|
| web | shop-web | 80 | 8000 (0.0.0.0) |
| mail | shop-mail | 25 | 8001 (127.0.0.1) |

## systemd ports

```
8000 -> shop-web.service (0.0.0.0)
8001 -> {owner} (127.0.0.1)
```

## Docker ports

```
8000:8000 -> web
8001:80 -> frontend
```
"""
STREAMS = """\
# Streams

## Redis

```
Verified streams:
shop:stream:orders
shop:stream:mails
shop:stream:stock

Verified hashes:
shop:prices
shop:carts

Total: {total} keys
```

3 Redis streams + {hashes} hashes

## Flow

```
1. shop-web
   Publishes to: {used}
```
"""
MODULES = """\
# Modules

| Category | Count |
|---|---|
| RUNNING | {running} |
| STOPPED | 1 |
| TOTAL | {total} |

## RUNNING MODULES (3)

### Front

| Module | Port |
|---|---|
| shop-web | 8000 |
| shop-api | - |

### Back

| Module | Port |
|---|---|
| shop-mail | - |

## STOPPED MODULES (1)

**shop-old**
- Status: disabled
- Reason: replaced
"""
REMAINDER = """\
# X

- 0 failed units
- 0 activating units
- 7 services running
- 12 service unit files

## Disabled services

### a.service

old

### b.service

old
"""
STATES = """\
# Services

| Service | Status |
|---|---|
| a | NEW |
| b | NEW |
| c | KEPT |

## Result

- 5 services (1 kept + 4 new)
"""
TIMERS = """\
# X

Complete inventory of all units

| Unit | State |
|---|---|
| shop-web.service | up |
| shop-api.service | up |
| shop-mail.service | up |

- shop-mail.timer
- shop-backup.timer
- fstrim.timer
"""
SERVICES = """\
# Web

## Services

| Service | State |
|---|---|
| web-a | running |
| web-b | running |
| web-c | failed |
"""
CASES = {
    "a total that is not the sum": (TABLE.replace("| Total | 10 |", "| Total | 11 |"), ["QT1101:6"]),
    "a row that is not of the total": (TABLE.replace("| Failed | 1 |", "| Failed | 2 |"), ["QT1101:6", "QT1101:5"]),
    "a percentage": (TABLE.replace("30%", "40%"), ["QT1101:4", "QT1101:6"]),
    "a sum in a line": ("# X\n\n12 services (7 kept + 4 new)\n", ["QT1101:3"]),
    "a sum with an equals sign": ("# X\n\n7 kept + 4 new = 12\n", ["QT1101:3"]),
    "a percentage in a line": ("# X\n\n30 of 40 hosts (80%) are patched.\n", ["QT1101:3"]),
    "more than all": ("# X\n\n41 of 40 hosts are patched.\n", ["QT1101:3"]),
    "fields that do not make up their total": (
        '# X\n\n```json\n"total": 9,\n"running": 6,\n"stopped": 3,\n"failed": 1\n```\n',
        ["QT1101:4"],
    ),
    "parts below a number": ("# X\n\nBackup: 12 files\n- 10 unit files\n- 1 target\n", ["QT1101:3"]),
    "services in no state": (
        REMAINDER,
        ["QT1101:6"],
    ),
    "a title and its list": ("# Timers (3)\n\n- backup.timer\n- mail.timer\n", ["QT1102:1"]),
    "a title and lists below it": (
        "# Streams (4 active)\n\n```\nIn:\n- a:in\n- a:raw\n\nOut:\n- a:out\n```\n",
        ["QT1102:1"],
    ),
    "a title and the names in its lists": ("# Venvs (5 total)\n\n- api, mail\n- web, jobs (old)\n", ["QT1102:1"]),
    "a title and its table": (
        "# 2026: 3 Services\n\n| Service |\n|---|\n| a |\n| b |\n",
        ["QT1102:1"],
    ),
    "a title and the names in a column": (
        "# Services (4 total)\n\n| Group | Services |\n|---|---|\n| Web | web-a, web-b |\n| Mail | mail-a |\n",
        ["QT1102:1"],
    ),
    "a sentence and its list": ("# X\n\nThese 3 units have no file:\n- a.service\n- b.service\n", ["QT1102:3"]),
    "a sentence and lists in sections below": (
        "# X\n\nThis adds 4 new services:\n\n## Web\n\n1. **web-a** - one\n2. web-b\n\n## Mail\n\n3. **mail-a** - x\n",
        ["QT1102:3"],
    ),
    "sections that are not as many as their titles say": (
        "# Hosts (5)\n\n## Web (2)\n\n- web-1\n- web-2\n\n## Db (2)\n\n- db-1\n- db-2\n",
        ["QT1102:1"],
    ),
    "a category and its section": (MODULES.format(running=4, total=5), ["QT1102:5", "QT1101:7"]),
    "a total and all sections": (MODULES.format(running=3, total=5), ["QT1101:7"]),
    "a state and the rows that have it": (
        STATES,
        ["QT1102:11"],
    ),
    "a port with two owners": (PORTS.format(owner="shop-jobs.service"), ["QT1103:12"]),
    "localhost only": (
        "# X\n\n```\n8000 (0.0.0.0) -> a.service\n8001 (127.0.0.1) -> b.service\n\nNetwork: localhost only\n```\n",
        ["QT1105:7"],
    ),
    "a hash and a stream": (STREAMS.format(total=5, hashes=2, used="shop:prices"), ["QT1104:24"]),
    "a name in no list": (STREAMS.format(total=5, hashes=2, used="shop:stream:paid"), ["QT1104:24"]),
    "names in the same line": (
        "# X\n\nWe run 4 brokers: mq-1, mq-2, mq-3\n\n4 brokers: mq-1, mq-2, mq-3\n",
        ["QT1102:3", "QT1102:5"],
    ),
    "a title before names in its line": ("# X\n\nStreams (3): `a:in`, `a:out`\n", ["QT1102:3"]),
    "a total below a table": (f"{SERVICES}\nTotal: 5 services\n", ["QT1102:11"]),
    "a number above a list": ("# X\n\nServices: 3\n\n- web-a\n- web-b\n", ["QT1102:3"]),
    "all are up, and one is not": (f"{SERVICES}\nAll services are running.\n", ["QT1105:11"]),
    "none has failed, and one has": (f"{SERVICES}\nNo failed services.\n", ["QT1105:11"]),
    "a total of lists": (STREAMS.format(total=7, hashes=2, used="shop:stream:orders"), ["QT1102:15"]),
    "a number of what is listed elsewhere": (
        STREAMS.format(total=5, hashes=4, used="shop:stream:orders"),
        ["QT1102:18"],
    ),
    "none, and a number": ('# X\n\nNo unknown modules\n\n```json\n"unknown": 2,\n"failed": 0\n```\n', ["QT1105:3"]),
    "nothing lost, and a list": (
        "# X\n\nNo services or ports were lost.\n\n## Services in Docker but not in systemd\n\n1. web\n2. mail\n",
        ["QT1105:3"],
    ),
    "all programs valid, and 203": ("# X\n\nAll ExecStart paths valid\n\n- a.service: exit code 203\n", ["QT1105:3"]),
    "failed with 0": ("# X\n\n**a.service**\n- Status: failed\n- Last exit: code 0\n", ["QT1104:5"]),
    "not found, and there": ("# X\n\n**a.service**\n- Status: not-found\n- Note: unit file exists\n", ["QT1104:5"]),
    "a timer without its service": (
        TIMERS,
        ["QT1104:12"],
    ),
    "a check that can print nothing it expects": (
        '# X\n\n```\n# States (expected: only "dead")\nsystemctl list-units | grep -E "failed|activating"\n```\n',
        ["QT1105:4"],
    ),
}
RIGHT = {
    "a table": TABLE,
    "ports": PORTS.format(owner="shop-mail"),
    "streams": STREAMS.format(total=5, hashes=2, used="shop:stream:orders"),
    "at least": STREAMS.format(total="4+", hashes=2, used="shop:stream:orders"),
    "modules": MODULES.format(running=3, total=4),
    "localhost only where it is so": "# X\n\n```\n8001 (127.0.0.1) -> b.service\n\nNetwork: localhost only\n```\n",
    "a check that works": '# X\n\n```\n# (expected: "active")\nsystemctl is-active a | grep "active"\n```\n',
}


@pytest.mark.parametrize("name", CASES)
def test_a_contradiction_is_found_where_it_stands(name: str) -> None:
    text, expected = CASES[name]
    assert sorted(broken(text)) == sorted(expected)


@pytest.mark.parametrize("name", RIGHT)
def test_the_same_without_it_is_right(name: str) -> None:
    assert broken(RIGHT[name]) == []
    assert true(RIGHT[name])


HAND_TYPED = """\
{
  "modules": [
    {"name": "a", "category": "RUNNING", "runtime": {"port": 8000}},
    {"name": "b", "category": "FAILED", "runtime": {"port": null}}
  ],
  "summary": {
    "total_modules": 4,
    "running": 2,
    "failed": 1
  }
}
"""


def test_the_summary_of_a_json_document() -> None:
    assert broken(HAND_TYPED, "a.json") == ["QT1102:7", "QT1102:8"]
    right = HAND_TYPED.replace('"total_modules": 4', '"total_modules": 2').replace('"running": 2', '"running": 1')
    assert broken(right, "a.json") == []
    assert true(right, "a.json") == [7, 8, 9]


def test_every_finding_over_a_document_alone_has_a_case() -> None:
    found = {each.partition(":")[0] for _, expected in CASES.values() for each in expected}
    assert found == {each.id for each in RULES} - {"QT1106"}
