"""Limits, restart policy and replicas of compose services: under `deploy`, and under the older keys beside it."""

from typing import Any, Final

from qtctl.adopt.compose_keys import MOST_REPLICAS, format_span
from qtctl.adopt.compose_reading import Reading, list_attributes
from qtctl.dialects.compose.units import parse_nanoseconds
from qtctl.dialects.systemd.size import format_bytes

Value = Any
_RESTARTS: Final = {"always": "always", "unless-stopped": "always", "no": "no", "on-failure": "on-failure"}
_CONDITIONS: Final = {"any": "always", "none": "no", "on-failure": "on-failure"}
_UNLIMITED: Final = "0 means no limit, which is systemd's default"
_PERIOD: Final = 100_000
"""Compose's default cpu_period, in microseconds."""


def read_limits(reading: Reading) -> None:
    resources = (reading.values.get("deploy") or {}).get("resources") or {}
    said = (reading.service.get("deploy") or {}).get("resources") or {}
    limits, reservations = resources.get("limits") or {}, resources.get("reservations") or {}
    for inner, key, old in (("memory", "memory_max", "mem_limit"), ("cpus", "cpu_quota", "cpus"),
                            ("pids", "tasks_max", "pids_limit")):  # fmt: skip
        attributes = [f"deploy.resources.limits.{inner}"] if inner in (said.get("limits") or {}) else []
        attributes += [old] if old in reading.service.lines else []
        _read_limit(reading, inner, key, limits.get(inner) or reading.values.get(old), attributes)
    attributes = ["deploy.resources.reservations.memory"] if "memory" in (said.get("reservations") or {}) else []
    attributes += ["mem_reservation"] if "mem_reservation" in reading.service.lines else []
    _read_limit(
        reading, "memory", "memory_low", reservations.get("memory") or reading.values.get("mem_reservation"), attributes
    )
    _read_swap(reading)
    _read_processors(reading)


def _read_limit(reading: Reading, kind: str, key: str, value: Value, attributes: list[str]) -> None:
    if not attributes:
        return
    if not value:
        reading.leave(_UNLIMITED, *attributes)
    elif kind == "memory":
        reading.put(f"limits.{key}", format_bytes(int(value)), *attributes)
    elif kind == "cpus":
        reading.put(f"limits.{key}", f"{float(value) * 100:.2f}".rstrip("0").rstrip(".") + "%", *attributes)
    else:
        reading.put(f"limits.{key}", int(value) if int(value) > 0 else "infinity", *attributes)


def _read_swap(reading: Reading) -> None:
    if "memswap_limit" not in reading.service.lines:
        return
    swap, memory = (int(reading.values.get(key) or 0) for key in ("memswap_limit", "mem_limit"))
    if swap < 0:
        reading.put("limits.memory_swap_max", "infinity", "memswap_limit")
    elif swap and memory and swap >= memory:
        reading.put("limits.memory_swap_max", format_bytes(swap - memory), "memswap_limit")
    else:
        reading.leave("counts only together with mem_limit", "memswap_limit")


def _read_processors(reading: Reading) -> None:
    values, lines = reading.values, reading.service.lines
    quota, period = int(values.get("cpu_quota") or 0), int(values.get("cpu_period") or 0)
    attributes = [key for key in ("cpu_quota", "cpu_period") if key in lines]
    if attributes and quota > 0:
        share = f"{quota * 100 / (period or _PERIOD):.2f}".rstrip("0").rstrip(".")
        reading.put("limits.cpu_quota", f"{share}%", *attributes)
        if period:
            reading.put("limits.cpu_quota_period", f"{period}us")
    elif attributes:
        reading.leave(_UNLIMITED, *attributes)
    if "cpu_shares" in lines:
        shares = int(values.get("cpu_shares") or 0)
        if shares:
            reading.put("limits.cpu_weight", _convert_shares(shares), "cpu_shares")
        else:
            reading.leave(_UNLIMITED, "cpu_shares")
    if values.get("cpuset"):
        reading.put("limits.allowed_cpus", str(values["cpuset"]), "cpuset")
    if "oom_score_adj" in lines:
        reading.put("limits.oom_score_adjust", int(values.get("oom_score_adj") or 0), "oom_score_adj")


def _convert_shares(shares: int) -> int:
    """As runc turns shares (2 to 262144) into a weight (1 to 10000)."""
    least, most, heaviest = 2, 262_144, 10_000
    return 1 + (min(max(shares, least), most) - least) * (heaviest - 1) // (most - least)


def read_restart(reading: Reading) -> None:
    """`deploy.restart_policy` wins over `restart`, as in Compose."""
    policy = (reading.values.get("deploy") or {}).get("restart_policy") or {}
    said = (reading.service.get("deploy") or {}).get("restart_policy") or {}
    kind, _, most = str(reading.values.get("restart", "")).partition(":")
    if kind in _RESTARTS and not policy:
        reading.put("restart.restart", _RESTARTS[kind], "restart")
        if most.isdecimal() and most.isascii() and 0 < int(most) < MOST_REPLICAS:
            _read_attempts(reading, int(most), "", "", "restart")
    elif "restart" in reading.service.lines and policy:
        reading.leave("is given beside deploy.restart_policy, which takes precedence", "restart")
    if policy:
        _read_policy(reading, policy, said)


def _read_policy(reading: Reading, policy: Value, said: Value) -> None:
    fields = {key: f"deploy.restart_policy.{key}" for key in said}
    condition = _CONDITIONS.get(policy.get("condition", "any"))
    if condition is None:
        reading.leave("is not a condition that Compose knows", *fields.values(), to_do="set restart.restart")
        return
    reading.put("restart.restart", condition, *(fields[key] for key in ("condition",) if key in fields))
    if "delay" in fields:
        reading.put("restart.restart_sec", format_span(str(said["delay"])), fields["delay"])
    attempts = int(policy.get("max_attempts") or 0)
    kept = [fields[key] for key in ("max_attempts", "window") if key in fields]
    if attempts:
        _read_attempts(reading, attempts, str(said.get("delay", "")), str(said.get("window", "")), *kept)
    elif kept:
        reading.leave("counts only together with max_attempts", *kept)


def _read_attempts(reading: Reading, attempts: int, delay: str, window: str, *attributes: str) -> None:
    """The first start and each attempt count as starts, over a time in which all of them fit."""
    reading.put("restart.start_limit_burst", attempts + 1, *attributes)
    if window and parse_nanoseconds(window):
        reading.put("restart.start_limit_interval", format_span(window))
    else:
        seconds = -(-parse_nanoseconds(delay or "0s") // 10**9)
        reading.put("restart.start_limit_interval", f"{(attempts + 1) * (seconds + 10)}s")


def read_replicas(reading: Reading) -> int:
    """How many of it Compose runs; accounts for the attribute."""
    deploy = reading.values.get("deploy") or {}
    scale, inner = reading.values.get("scale"), deploy.get("replicas")
    attributes = [key for key in ("scale",) if key in reading.service.lines]
    attributes += [
        key for key in list_attributes("deploy", reading.service.get("deploy") or {}) if key == "deploy.replicas"
    ]
    number = int(next((each for each in (scale, inner) if each is not None), 1))
    if number > MOST_REPLICAS:
        reading.leave(f"is more than {MOST_REPLICAS}", *attributes, to_do="name the instances", is_open=True)
        return 1
    if number > 1:
        reading.put("instances", [str(each) for each in range(1, number + 1)], *attributes)
    else:
        reading.note_typed(*attributes)
    mode = deploy.get("mode", "")
    if mode in ("global", "replicated"):
        reading.leave("needs no key: there is one host", "deploy.mode")
    return number
