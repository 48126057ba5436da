"""Who listens, publishes and consumes what on a throwaway host."""

import json

from qtctl.model.tree import StandIn
from qtctl.stage.standins import make_specs_file, make_stand_ins
from tests.builders.staged import tiny

FOUND = {each.unit: each for each in make_stand_ins(tiny())}


EXPECTED = {
    "tiny-api.service": StandIn(
        "tiny-api.service",
        listen=(("127.0.0.1", 8102, "/health", 200), ("127.0.0.1", 8101, "/ready", 204)),
        consumes=(("t:tick", "api"),),
        writes=(("t:mode", "string"),),
        udp=(("127.0.0.1", 8125),),
    ),
    "tiny-feed.service": StandIn("tiny-feed.service", publishes=("t:tick",), writes=(("t:book", "hash"),)),
    "tiny-native.service": StandIn("tiny-native.service"),
    "tiny-off.service": StandIn("tiny-off.service", consumes=(("t:tick", "off"),)),
    "tiny-sweep.service": StandIn("tiny-sweep.service", writes=(("t:swept", "list"),), oneshot=True),
    "grafana-server.service": StandIn("grafana-server.service", listen=(("*", 3000, "/api/health", 200),)),
    "backup.service": StandIn("backup.service", listen=(("127.0.0.1", 9100, "", 200),)),
    "qtctl-lab-feeder.service": StandIn(
        "qtctl-lab-feeder.service",
        publishes=("t:orphan",),
        consumes=(("t:tick", "off"),),
        writes=(("t:swept", "list"),),
    ),
}


def test_each_unit_does_what_is_declared() -> None:
    assert FOUND == EXPECTED


def test_every_key_and_group_has_someone_who_stays() -> None:
    staying = [FOUND[unit] for unit in FOUND if unit not in ("tiny-off.service", "tiny-sweep.service")]
    written = {key for each in staying for key in (*each.publishes, *(name for name, _ in each.writes))}
    consumed = {group for each in staying for group in each.consumes}
    assert written == {key.name for key in tiny().keys}
    assert consumed == {(each.stream, each.group) for service in tiny().services for each in service.consumes}


def test_the_document_that_the_host_reads() -> None:
    specs = json.loads(make_specs_file(FOUND.values()).content)
    assert specs["tiny-api.service"] == {
        "listen": [["127.0.0.1", 8102, "/health", 200], ["127.0.0.1", 8101, "/ready", 204]],
        "udp": [["127.0.0.1", 8125]],
        "publishes": [],
        "consumes": [["t:tick", "api"]],
        "writes": [["t:mode", "string"]],
        "oneshot": False,
        "forks": False,
        "pid_file": "",
        "redis": ["127.0.0.1", 6379],
    }
