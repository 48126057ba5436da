"""Evidence to text and back, and texts that are not evidence."""

import json
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from qtctl.collect.document import dump, load, make_schema
from qtctl.errors import InputError
from qtctl.model.account_facts import Account, Auditor, Group
from qtctl.model.check_facts import CommandResult
from qtctl.model.code_facts import VenvCheck
from qtctl.model.deploy_facts import HostDeploys
from qtctl.model.evidence import EVIDENCE_SCHEMA, Ask, Evidence, Item, State
from qtctl.model.fact import make_value
from qtctl.model.facts import FACT_KINDS, Channel, File, HostBaseline, Listeners, Unit
from qtctl.model.host_facts import FileSystem, HostState, OomKills, Resolved
from qtctl.model.process_facts import EnvText, Processes, ProcessPlaces
from qtctl.model.store_facts import (
    KeyFact,
    StoreClock,
    StoreHealth,
    StoreKeys,
    StoreServer,
    Stream,
    StreamConsumers,
    StreamGroup,
    StreamGroups,
    StreamPending,
)
from qtctl.model.way_facts import PathWay, UnitWriters, UserIds
from tests.builders.evidence import miss, observe

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
LOADS = st.lists(st.floats(0, 2**32), max_size=3)
NUMBER, U32, U64 = st.integers(0, 2**63 - 1), st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1)
HEX, NAME = st.binary(min_size=32, max_size=32).map(bytes.hex), st.from_regex("[A-Z][A-Z0-9_]{0,9}", fullmatch=True)
IDS = st.tuples(U64, U64)
TIME = st.integers(-(2**63) + 1, 2**63 - 1)
PARTS = st.dictionaries(
    TEXT,
    st.tuples(
        st.sampled_from(["file", "folder", "link", "other"]), U32.map(str), U32.map(str),
        st.from_regex(r"\A[0-7]{4}\Z"), TEXT,
    ).map(list),
    max_size=3,
)  # fmt: skip
COUNTERS = [field.name for field in fields(Unit) if field.type in (int, "int")]
ROWS = st.tuples(
    st.sampled_from(["*", "127.0.0.1", "[::]", "127.0.0.53%lo", "[fe80::1]%eth0"]),
    st.integers(0, 65535).map(str), TEXT, TEXT,
).map(list)  # fmt: skip
BY_KIND = {kind.model: st.builds(kind.model) for kind in FACT_KINDS.values()} | {
    HostBaseline: st.builds(
        HostBaseline, load=LOADS, uptime_s=U32, cpus=st.integers(0, 512),
        memory_total=NUMBER, memory_available=NUMBER, disk_total=NUMBER, disk_free=NUMBER,
    ),
    Listeners: st.builds(Listeners, st.lists(ROWS, max_size=3)),
    File: st.builds(
        File, kind=st.sampled_from(["file", "dir", "link", "other"]), size=NUMBER,
        mode=st.from_regex(r"\A[0-7]{4}\Z"), mtime=st.integers(-(2**63) + 1, 2**63 - 1),
    ),
    Unit: st.builds(Unit, **dict.fromkeys(COUNTERS, U64)),
    VenvCheck: st.builds(VenvCheck, exit=st.integers(0, 255), installed_at=TIME),
    StoreServer: st.builds(StoreServer, uptime_s=NUMBER, used_memory=U64),
    Stream: st.builds(
        lambda of, length, groups: Stream(length, f"{of[0]}-{of[1]}", of[0], groups), IDS, NUMBER, NUMBER
    ),
    StreamGroup: st.builds(
        StreamGroup, st.none() | NUMBER, NUMBER, NUMBER, IDS.map(lambda of: f"{of[0]}-{of[1]}")
    ),
    StreamGroups: st.builds(StreamGroups, st.lists(st.text(max_size=20), max_size=3), NUMBER),
    StoreClock: st.builds(StoreClock, U64),
    StreamConsumers: st.builds(
        StreamConsumers, st.dictionaries(st.text(max_size=9), U64, max_size=3), NUMBER
    ),
    StreamPending: st.builds(
        StreamPending,
        st.lists(st.tuples(IDS.map(lambda of: f"{of[0]}-{of[1]}"), TEXT, NUMBER, NUMBER).map(list), max_size=3),
    ),
    StoreKeys: st.builds(StoreKeys, st.lists(st.text(max_size=20), max_size=3), NUMBER),
    StoreHealth: st.builds(
        StoreHealth, used_memory=U64, max_memory=U64, not_evicted=U64, expiring=U64,
        persistence=st.dictionaries(st.text(max_size=9), st.text(max_size=9), max_size=3),
        errors=st.dictionaries(st.text(max_size=9), U64, max_size=3),
    ),
    Account: st.builds(Account, uid=U32, gid=U32),
    UserIds: st.builds(UserIds, uid=U32, gid=U32, groups=st.lists(U32, max_size=3)),
    PathWay: st.builds(PathWay, PARTS, size=NUMBER, mtime=TIME, ctime=TIME),
    UnitWriters: st.builds(UnitWriters, PARTS),
    Group: st.builds(Group, gid=U32),
    Auditor: st.builds(Auditor, uid=U32, parts=st.just({})),
    CommandResult: st.builds(CommandResult, exit=st.integers(0, 255)),
    HostState: st.builds(
        HostState, clock_us=NUMBER, earliest_us=NUMBER, latest_us=NUMBER, swap_total=NUMBER, swap_free=NUMBER,
        pressure=st.dictionaries(TEXT, st.lists(st.floats(0, 100), min_size=1, max_size=2), max_size=3),
    ),
    FileSystem: st.builds(FileSystem, used=NUMBER, available=NUMBER, inodes=NUMBER, inodes_free=NUMBER),
    Resolved: st.builds(Resolved, st.lists(st.ip_addresses().map(str), max_size=3)),
    Processes: st.builds(
        Processes, st.dictionaries(st.integers(1, 2**22).map(str), st.fixed_dictionaries({"nice": NUMBER}), max_size=2),
        NUMBER, NUMBER,
    ),
    ProcessPlaces: st.builds(
        ProcessPlaces, st.dictionaries(st.integers(1, 2**22).map(str), st.tuples(TEXT, TEXT).map(list), max_size=2)
    ),
    EnvText: st.builds(
        EnvText, HEX, st.dictionaries(NAME, HEX, max_size=2), st.lists(NAME, max_size=2),
        st.dictionaries(NAME, st.booleans(), max_size=2), st.just([["3", "TOKEN"]]), st.just([["2", "equals"]]),
        st.sampled_from(["", "nul", "utf8"]),
    ),
    HostDeploys: st.builds(HostDeploys, generation=NUMBER, current=NUMBER, at=NUMBER, age_s=NUMBER),
    OomKills: st.builds(OomKills, st.dictionaries(TEXT, st.integers(1, 2**63 - 1), max_size=3)),
}  # fmt: skip
"""Of every kind of fact, all that a host could have answered."""
VALUES = st.one_of([facts.map(lambda fact: (fact.FACT, make_value(fact))) for facts in BY_KIND.values()])


@st.composite
def items(draw: st.DrawFn) -> Item:
    fact, value = draw(VALUES)
    state = draw(st.sampled_from(State))
    by_commands = FACT_KINDS[fact].channel in (Channel.EXEC, Channel.ROOT)
    needs_root = by_commands and not state.known and draw(st.booleans())
    found = value if state is State.OBSERVED else None
    reason, ask = draw(st.none() | TEXT), draw(st.integers(0, 2))
    return Item(fact, draw(TEXT), state, found, reason, ask, draw(TEXT), draw(TEXT), needs_root=needs_root)


TIMES = st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat)
ARGV = st.lists(TEXT, max_size=3).map(tuple)
ASKS = st.builds(Ask, at=TIMES, via=TEXT, argv=ARGV, exit=st.none() | st.integers(0, 255))
EVIDENCE = st.builds(
    lambda asks, found: Evidence(
        EVIDENCE_SCHEMA, "0.1.0", "prod-1", "203.0.113.7", "ssh", "qtaudit", "2026-01-17T07:25:01.318Z",
        tuple(replace(ask, n=number) for number, ask in enumerate(asks, 1)), tuple({x.need: x for x in found}.values()),
    ),
    st.lists(ASKS, min_size=2, max_size=3), st.lists(items(), max_size=6),
)  # fmt: skip


@given(EVIDENCE)
def test_there_and_back(evidence: Evidence) -> None:
    text = dump(evidence)
    assert load(text, "saved.json") == evidence
    assert dump(load(text, "saved.json")) == text
    written = json.loads(text)
    for item in written["items"]:
        item.setdefault("help", "")
        item.setdefault("needs_root", False)
        item.setdefault("fault", "")
    assert written == json.loads(json.dumps(asdict(evidence)))


@given(EVIDENCE)
def test_the_schema_describes_it(evidence: Evidence) -> None:
    VALIDATOR.validate(json.loads(dump(evidence)))


SCHEMA = make_schema()
VALIDATOR = Draft202012Validator(SCHEMA)
ASK = Ask(1, "exec", ("find", "/a"), "stat /a", "2026-01-17T07:25:01.318Z", 3, 0)
A_FILE = make_value(File("file", "0644", "root", "root", 3, 1))
ITEMS = (
    Item("file", "/a", State.OBSERVED, A_FILE, None, 1),
    observe("k", KeyFact("hash"), store="main"),
    observe("k/g", StreamGroup(None, 1, 2, "0-0"), store="main"),
    miss("venv", "/v", State.ABSENT, "No such file or directory"),
)
GOOD = Evidence(EVIDENCE_SCHEMA, "0.1.0", "h", "a", "ssh", "u", "2026-01-17T07:25:01.318Z", (ASK,), ITEMS)


def changed(change: Any) -> str:
    document = json.loads(dump(GOOD))
    change(document)
    return json.dumps(document)


def test_layout() -> None:
    lines = dump(GOOD).splitlines()
    assert len([line for line in lines if line.startswith("    {")]) == len(GOOD.asks) + len(GOOD.items)
    assert [line.split('"')[1] for line in lines if line.startswith('  "')] == [
        field.name for field in fields(Evidence)
    ]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda d: d.update(schema_version=2), "schema 2"),
        (lambda d: d.update(schema_version="1"), "schema '1'"),
        (lambda d: d.update(schema_version=True), "schema True"),
        (lambda d: d.pop("schema_version"), "no schema_version"),
        (lambda d: d.pop("host"), "host"),
        (lambda d: d.update(items={}), "items"),
        (lambda d: d["items"][1].update(state="fine"), "items.1.state"),
        (lambda d: d["items"][0].update(ask="1"), "items.0.ask"),
        (lambda d: d["items"][0].update(ask=9), "no ask has the number 9"),
        (lambda d: d["items"][0].update(value=None), "items.0 (file /a): observed, without a value"),
        (lambda d: d["items"][3].update(value={}), "absent, with a value"),
        (lambda d: d["items"][0]["value"].update(size="3"), "items.0 (file /a): value.size"),
        (lambda d: d["items"][0]["value"].pop("mode"), "value.mode"),
        (lambda d: d["items"][2]["value"].update(lag=1.5), "value.lag"),
        (lambda d: d["items"][0].update(fact="weather"), "no such kind"),
        (lambda d: d["items"].append(d["items"][0]), "items.4 (file /a): another item"),
        (lambda d: d["asks"][0].update(argv="find"), "asks.0.argv"),
    ],
)
def test_what_dump_cannot_have_written_is_refused(change: Any, where: str) -> None:
    with pytest.raises(InputError) as caught:
        load(changed(change), "saved.json")
    assert where in str(caught.value)
    assert str(caught.value).startswith("saved.json")
    assert caught.value.hint


@pytest.mark.parametrize("text", ["", "[]", "null", "3", "\x00", "{", '{"schema_version": 1, "load": NaN}', "\ufeff{}"])
def test_what_is_no_document(text: str) -> None:
    with pytest.raises(InputError, match=r"saved\.json"):
        load(text, "saved.json")


def test_every_cut_is_seen() -> None:
    text = dump(GOOD)
    for end in range(len(text) - 1):
        if text[:end].strip() == text.strip():
            continue
        with pytest.raises(InputError):
            load(text[:end], "saved.json")


def test_the_line_is_named() -> None:
    text = dump(GOOD)
    lines = text.splitlines()
    number = next(at for at, line in enumerate(lines, 1) if '"subject": "k"' in line)
    broken = text.replace('"subject": "k"', '"subject": 5')
    with pytest.raises(InputError) as caught:
        load(broken, "saved.json")
    assert caught.value.place is not None
    assert caught.value.place.line == number
    with pytest.raises(InputError) as cut:
        load("\n".join(lines[:6]), "saved.json")
    assert cut.value.place is not None
    assert cut.value.place.line == 6
