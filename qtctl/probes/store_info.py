"""INFO of a Redis server (facts `store`, `store.health`): version, memory, role, and whether it can persist."""

import re
from collections.abc import Mapping

from qtctl.dialects.lines import split_lines
from qtctl.model.evidence import Need
from qtctl.model.plausible import U64, parse_whole
from qtctl.model.store_facts import StoreHealth, StoreServer
from qtctl.probes.answer import Answer, answer_observed
from qtctl.probes.store_values import find_number, find_text, read_number, read_pairs, read_text

LONGEST_NAME = 200
PERSISTENCE = (
    "rdb_last_bgsave_status", "aof_enabled", "aof_last_write_status", "aof_last_bgrewrite_status",
    "rdb_last_save_time", "rdb_changes_since_last_save",
)  # fmt: skip
"""Fields of INFO that say whether Redis can keep what it holds."""
ERRORS = ("MISCONF", "OOM", "READONLY")
"""Redis's error codes for a refused write."""
PAUSES = ("write", "all")
"""What CLIENT PAUSE stops, as Valkey 8.1 and later report it. Redis does not."""
_DATABASE = re.compile("db[0-9]{1,5}")
_EXPIRES, _COUNT = re.compile(",expires=([0-9]{1,19})"), re.compile("count=([0-9]{1,19})")


def answer_server(need: Need, value: object, again: str, question: int) -> Answer:
    said = _read_info(value)
    server = StoreServer(
        version=read_text(said, "redis_version"),
        uptime_s=read_number(said, "uptime_in_seconds"),
        used_memory=read_number(said, "used_memory"),
        loading=find_text(said, "loading") == "1",
    )
    line = f"redis_version:{server.version}"
    return answer_observed(need, server, again=f"{again} | grep ^redis_version:", line=line, question=question)


def answer_health(need: Need, value: object, again: str, question: int) -> Answer:
    said = _read_info(value)
    health = StoreHealth(
        role=read_text(said, "role"),
        read_only=find_text(said, "slave_read_only") == "1",
        used_memory=read_number(said, "used_memory"),
        max_memory=find_number(said, "maxmemory") or 0,
        max_memory_policy=find_text(said, "maxmemory_policy")[:LONGEST_NAME],
        not_evicted=find_number(said, "mem_not_counted_for_evict") or 0,
        expiring=_count_expiring(said),
        persistence={field: text[:LONGEST_NAME] for field in PERSISTENCE if (text := find_text(said, field))},
        paused=paused if (paused := find_text(said, "paused_actions")) in PAUSES else "",
        good_replicas=find_number(said, "min_slaves_good_slaves"),
        errors={kind: count for kind in ERRORS if (count := _count(said, f"errorstat_{kind}"))},
    )
    return answer_observed(need, health, again=f"{again} | grep ^role:", line=f"role:{health.role}", question=question)


def _count_expiring(said: Mapping[str, object]) -> int:
    """Keys of all databases that have a time to live: `db0:keys=3,expires=1,avg_ttl=0`."""
    rows = (str(value) for key, value in said.items() if _DATABASE.fullmatch(key))
    return sum(parse_whole(found[1], U64) for row in rows if (found := _EXPIRES.search(row)))


def _count(said: Mapping[str, object], key: str) -> int:
    """`count=3`, as in INFO's error statistics."""
    found = _COUNT.match(find_text(said, key))
    return parse_whole(found[1], U64) if found else 0


def _read_info(value: object) -> dict[str, object]:
    if not isinstance(value, str):
        return read_pairs(value)
    said = (line.removesuffix("\r").partition(":") for line in split_lines(value) if ":" in line)
    return {key: text for key, _, text in said}
