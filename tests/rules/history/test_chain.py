"""QT1001 and QT1002: a flipped byte anywhere, one that is gone, one that was put in, a month without any."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from qtctl.errors import InputError
from qtctl.findings.finding import Finding, Outcome
from qtctl.history.archive import unpack
from qtctl.history.chain import check_chain, check_months
from qtctl.history.index import make_entry, make_file_name, read_index, write_index
from qtctl.model.snapshot import Chain, Pruned, Snapshot, Stored
from tests.history.year import EMPTY, HOST, document, snapshots, stored, year

ENTRIES = tuple(map(make_entry, snapshots()))
WHOLE = Chain(HOST, stored(year()), ENTRIES)


def good(*_: object) -> str:
    return ""


def broken(chain: Chain, signatures: Callable[[Stored, Snapshot], str] = good) -> list[Finding]:
    return [each for each in check_chain(chain, signatures).findings if each.outcome is Outcome.BROKEN]


def without(*numbers: int) -> Chain:
    kept = [each for number, each in enumerate(WHOLE.stored, 1) if number not in numbers]
    return replace(WHOLE, stored=tuple(kept))


def test_a_whole_year_holds() -> None:
    checked = check_chain(WHOLE, good)
    assert {each.outcome for each in checked.findings} == {Outcome.HOLDS}
    assert [each.number for each in checked.links] == list(range(1, 13))


def test_the_order_of_files_says_nothing() -> None:
    assert not broken(replace(WHOLE, stored=WHOLE.stored[::-1]))


@pytest.mark.parametrize("number", range(1, 13))
def test_one_that_is_taken_away_is_found_wherever_it_was(number: int) -> None:
    """Also without what an index would say, but for the newest."""
    assert broken(without(number))
    alone = broken(replace(without(number), index=None))
    assert bool(alone) == (number != 12)


def test_several_that_are_taken_away_are_counted() -> None:
    (gap, index) = broken(without(5, 6, 7))
    assert (gap.subject, gap.what) == ("5 to 7", "not there: 8 follows 4")
    assert index.what == "it lists number 5, which is missing"


def test_a_flipped_byte_anywhere_in_a_chain_is_found() -> None:
    """Of each document some bytes of every part; of a small one the archive's own test flips each bit."""
    for number, content in enumerate(year()):
        for at in {*range(0, 90, 7), *range(90, len(content), 97), len(content) - 1}:
            flipped = content[:at] + bytes([content[at] ^ 0x20]) + content[at + 1 :]
            contents = [*year()[:number], flipped, *year()[number + 1 :]]
            assert broken(replace(WHOLE, stored=stored(contents))), (number, at)


def test_one_that_was_written_anew_does_not_fit_the_next() -> None:
    """Its own digest is right, since it was computed again after the change."""
    fourth = snapshots()[3]
    forged = document(EMPTY, taken_at=fourth.head.taken_at, number=4, previous=fourth.head.previous)
    contents = [*year()[:3], forged, *year()[4:]]
    found = broken(replace(WHOLE, stored=stored(contents), index=None))
    assert [each.title for each in found] == ["snapshot that does not follow the one before"]
    assert found[0].what.startswith("it follows ")


def test_the_newest_that_was_written_anew_is_not_the_one_of_the_index() -> None:
    last = snapshots()[-1]
    forged = document(EMPTY, taken_at=last.head.taken_at, number=12, previous=last.head.previous)
    assert broken(replace(WHOLE, stored=stored([*year()[:-1], forged])))


def test_two_of_one_number() -> None:
    other = document(EMPTY, number=3, previous=snapshots()[1].digest, taken_at="2026-03-02T00:00:00Z")
    found = broken(replace(WHOLE, stored=stored([*year(), other])))
    assert "another has the number 3, too" in [each.what for each in found]


def test_one_of_another_host_and_one_under_another_name() -> None:
    other = document(EMPTY, host="other")
    (of_host, *_) = broken(Chain(HOST, stored([other]), None))
    assert of_host.what == "it belongs to other"
    right = make_file_name(snapshots()[0])
    wrong = right.replace(snapshots()[0].digest, "0" * 64)
    assert broken(Chain(HOST, (Stored(f"{HOST}/{wrong}", year()[0]),), ENTRIES[:1]))
    assert not broken(Chain(HOST, (Stored(f"{HOST}/{right}", year()[0]),), ENTRIES[:1]))


def test_what_retention_took_is_not_missing_and_what_somebody_took_is() -> None:
    fifth = snapshots()[4]
    kept = replace(WHOLE, stored=WHOLE.stored[5:], index=ENTRIES[5:])
    assert not broken(replace(kept, pruned=Pruned(5, fifth.digest)))
    assert broken(replace(kept, pruned=Pruned(4, snapshots()[3].digest)))
    assert broken(replace(kept, pruned=Pruned(5, "0" * 64)))
    assert broken(kept)[0].what == "5 earlier ones are missing, and retention did not remove them"


def test_without_an_index_nobody_knows_of_the_newest() -> None:
    (open_,) = [each for each in check_chain(replace(WHOLE, index=None), good).findings if each.outcome.is_open]
    assert "it cannot be told whether the newest is here" in (open_.reason or "")


def test_an_index_that_lists_too_little() -> None:
    assert broken(replace(WHOLE, index=ENTRIES[:-1]))[0].what == "number 12 is there, and not listed"


def test_a_clock_that_went_back() -> None:
    later = document(EMPTY, number=2, previous=snapshots()[0].digest, taken_at="2025-12-01T00:00:00Z")
    chain = Chain(HOST, stored([year()[0], later]), (ENTRIES[0], make_entry(unpack(later, "f"))))
    assert [each.remedy for each in broken(chain)] == ["see whether the host's clock was set back"]


def test_a_signature_that_is_not_good() -> None:
    found = broken(WHOLE, lambda each, _: "its signature is missing" if each.where.endswith("/3") else "")
    assert [(each.subject, each.title) for each in found] == [("box/3", "signature of a snapshot is not good")]


def test_an_index_is_read_back_and_a_flipped_byte_of_it_is_an_error_or_a_finding() -> None:
    written = write_index(HOST, ENTRIES[:2], Pruned(1, "a" * 64))
    assert read_index(written, "f", HOST) == (ENTRIES[:2], Pruned(1, "a" * 64))
    chain = replace(WHOLE, stored=WHOLE.stored[:2], index=ENTRIES[:2])
    written = write_index(HOST, ENTRIES[:2], None)
    for at in range(len(written)):
        flipped = written[:at] + bytes([written[at] ^ 1]) + written[at + 1 :]
        try:
            entries, pruned = read_index(flipped, "f", HOST)
        except InputError:
            continue
        assert broken(replace(chain, index=entries, pruned=pruned)), (at, flipped[at - 20 : at + 20])


def test_an_index_that_cannot_be_read_is_a_finding() -> None:
    assert broken(replace(WHOLE, index=None, damage="the index is damaged"))[0].title == "index is not of its snapshots"


@pytest.mark.parametrize(
    ("taken", "now", "missed"),
    [
        (["2026-01-01", "2026-02-01"], "2026-02-10", []),
        (["2026-01-01", "2026-02-01"], "2026-03-07", []),
        (["2026-01-01", "2026-02-01"], "2026-03-09", ["2026-03"]),
        (["2026-01-01", "2026-02-01"], "2026-05-02", ["2026-03", "2026-04", "2026-05"]),
        (["2025-11-15", "2026-02-15"], "2026-02-20", ["2025-12", "2026-01"]),
        (["2026-01-31"], "2026-02-28", []),
        (["2026-01-31", "2026-03-01"], "2026-03-05", ["2026-02"]),
        ([], "2026-02-01", ["snapshots"]),
    ],
)
def test_a_month_without_a_snapshot_is_found(taken: list[str], now: str, missed: list[str]) -> None:
    found = check_months(HOST, [f"{day}T00:05:00.000Z" for day in taken], f"{now}T12:00:00.000Z")
    assert [each.subject for each in found if each.outcome is Outcome.BROKEN] == missed
    assert {each.id for each in found} <= {"QT1001"}
