"""Every setting of a compose service: kept, changed by a rule, different, lost or new, and found where it is."""

from dataclasses import replace
from typing import Any

import pytest

from qtctl.parity.rows import DimensionVerdict
from qtctl.rules.setting_fates import Fate
from tests.rules.parity.settings import CASES

from .whole import FILES, RECORD, Shop

WHOLE = Shop()


def change(record: dict[str, Any], service: str, **said: Any) -> dict[str, Any]:
    services = record["services"]
    return record | {"services": services | {service: services[service] | said}}


def test_a_registry_that_has_all_of_it_has_lost_nothing() -> None:
    assert WHOLE.findings() == []
    fates = WHOLE.fates()
    assert {item: each.declared for item, each in fates.items() if each.declared is not Fate.NEW} == {
        "services.api": Fate.KEPT,
        "ports.8000:8000": Fate.CHANGED,
        "ports.8001:8001": Fate.CHANGED,
        "environment.REDIS_HOST": Fate.CHANGED,
        "environment.STREAM_OUT": Fate.KEPT,
        "command": Fate.CHANGED,
        "environment.FEED_URL": Fate.CHANGED,
        "environment.LEVEL": Fate.KEPT,
        "environment.OLD_NAME": Fate.CHANGED,
        "environment.API_TOKEN": Fate.KEPT,
        "volumes./app/logs": Fate.CHANGED,
        "volumes./srv/shared": Fate.KEPT,
        "user": Fate.KEPT,
        "mem_limit": Fate.KEPT,
        "healthcheck": Fate.KEPT,
        "restart": Fate.KEPT,
        "depends_on.redis": Fate.KEPT,
        "depends_on.feed": Fate.KEPT,
        "environment.TZ": Fate.KEPT,
        "logging.driver": Fate.CHANGED,
    }
    assert fates["environment.REDIS_HOST"].rules == ("address",)
    assert fates["volumes./app/logs"].rules == ("replaced./app",)
    assert fates["ports.8000:8000"].reason == "no evidence of a host"


@pytest.mark.parametrize("name", CASES)
def test_one_thing_taken_away_is_one_finding(name: str) -> None:
    case = CASES[name]
    text = WHOLE.compose if case.file == "compose" else FILES[case.file]
    assert case.old in text
    changed = text.replace(case.old, case.new)
    shop = Shop(compose=changed) if case.file == "compose" else Shop(files=FILES | {case.file: changed})
    assert shop.findings() == [case.finding]


@pytest.mark.parametrize("name", CASES)
def test_what_is_accepted_with_a_reason_is_no_finding(name: str) -> None:
    """The rule of the service, and the same rule for the whole file."""
    case = CASES[name]
    text = WHOLE.compose if case.file == "compose" else FILES[case.file]
    changed = text.replace(case.old, case.new)
    shop = Shop(compose=changed) if case.file == "compose" else Shop(files=FILES | {case.file: changed})
    service, _, item = case.finding[1].removeprefix("compose:").partition(" ")
    own = change(RECORD, service, accepted={item: "so be it"})
    everywhere = RECORD | {"accepted": RECORD["accepted"] | {item: "so be it"}}
    for record in (own, everywhere):
        accepted = replace(shop, record=record)
        assert accepted.findings() == []
        assert (accepted.fates(service)[item].fate, accepted.fates(service)[item].reason) == (
            Fate.CHANGED, "accepted: so be it",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("record", "rule"),
    [
        (RECORD | {"accepted": RECORD["accepted"] | {"privileged": "w"}}, "accepted.privileged"),
        (change(RECORD, "api", accepted={"environment.LEVEL": "w"}), "services.api.accepted.environment.LEVEL"),
        (change(RECORD, "redis", accepted={"image": "w"}), "services.redis.accepted.image"),
        (RECORD | {"replaced": RECORD["replaced"] | {"/nowhere": "/x"}}, "replaced./nowhere"),
        (RECORD | {"renamed": RECORD["renamed"] | {"NO_SUCH": "X"}}, "renamed.NO_SUCH"),
        (change(RECORD, "feed", renamed={"OLD_NAME": "X"}), "services.feed.renamed.OLD_NAME"),
        (RECORD | {"new": {"nobody": "w"}}, "new.nobody"),
    ],
)
def test_a_rule_that_settles_nothing_is_found(record: dict[str, Any], rule: str) -> None:
    assert [(id_, subject) for id_, subject, _ in Shop(record=record).findings()] == [("QT809", f"f.yml {rule}")]


def test_an_address_that_nothing_leads_to_is_found() -> None:
    compose = 'services: {api: {image: x, command: ["/a"], environment: {LEVEL: INFO}}}'
    record = {"compose": "f.yml", "address": "127.0.0.1", "services": {"api": {"is": "mapped", "to": ["api"],
              "why": "w", "accepted": {"command": "w"}}}}  # fmt: skip
    assert [subject for _, subject, _ in Shop(compose, record).findings()] == ["f.yml address"]


def test_what_the_image_or_a_missing_file_says_is_unknown_until_it_is_accepted() -> None:
    compose = "services: {feed: {image: x, env_file: [nowhere.env]}}"
    record: dict[str, Any] = {"compose": "f.yml", "services": {"feed": {"is": "mapped", "to": ["feed"], "why": "w"}}}
    fates = Shop(compose, record).fates("feed")
    assert {item: each.declared for item, each in fates.items() if item in ("command", "env_file[0]")} == {
        "command": Fate.UNKNOWN, "env_file[0]": Fate.UNKNOWN,
    }  # fmt: skip
    said = change(record, "feed", accepted={"command": "read in the Dockerfile", "env_file": "it was empty"})
    assert {each.declared for item, each in Shop(compose, said).fates("feed").items() if item in fates} >= {
        Fate.CHANGED
    }
    assert Shop(compose, said).findings() == []


@pytest.mark.parametrize(
    ("published", "listen", "fate", "found"),
    [
        ("8000:8000", "0.0.0.0:8000", Fate.KEPT, []),
        ("8000:8000", "*:8000", Fate.KEPT, []),
        ("8000:8000", "127.0.0.1:8000", Fate.CHANGED, []),
        ("127.0.0.1:8000:8000", "127.0.0.1:8000", Fate.KEPT, []),
        ("127.0.0.1:8000:8000", "0.0.0.0:8000", Fate.DIFFERS, ["published port exposed wider than it was"]),
        ("127.0.0.1:8000:8000", "*:8000", Fate.DIFFERS, ["published port exposed wider than it was"]),
        ("127.0.0.1:8000:8000", "192.0.2.1:8000", Fate.DIFFERS, ["published port exposed wider than it was"]),
        ("192.0.2.1:8000:8000", "127.0.0.1:8000", Fate.CHANGED, []),
    ],
)
def test_exposure(published: str, listen: str, fate: Fate, found: list[str]) -> None:
    files = FILES | {"services/api.toml": FILES["services/api.toml"].replace("127.0.0.1:8000", listen)}
    shop = Shop(WHOLE.compose.replace('"8000:8000"', f'"{published}"'), RECORD, files)
    setting = shop.fates()[f"ports.{published}"]
    assert setting.declared is fate
    assert [each.title for each in shop.compare().findings if each.id == "QT803"] == found


def test_settings_of_what_was_absorbed_are_settled_by_its_reason() -> None:
    record = RECORD | {"services": RECORD["services"] | {"api": {"is": "absorbed", "to": ["feed"], "why": "merged"}},
                       "accepted": {}, "renamed": {}, "replaced": {}, "address": None}  # fmt: skip
    fates = Shop(record=record).fates()
    assert {each.fate for each in fates.values()} == {Fate.CHANGED}
    assert {each.reason for each in fates.values()} == {"absorbed: merged"}
    (row,) = (row for row in Shop(record=record).compare().rows if row.service == "api")
    assert {part.counts.verdict for part in row.dimensions} <= {DimensionVerdict.PARITY, DimensionVerdict.NONE}


def test_no_secret_stands_in_any_fate() -> None:
    every = repr([row.dimensions for row in WHOLE.compare().rows])
    assert "t0pS3cr3tV4lue9x" not in every
    assert WHOLE.fates()["environment.API_TOKEN"].then == "(hidden)"
