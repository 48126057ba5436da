"""Calendar expressions: ours and systemd's own judgment of each."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtctl.dialects.systemd.calendar import explain_calendar_trouble, has_date_left

GOOD = """\
daily|Hourly|DAILY|weekly UTC|daily Europe/Oslo|*-*-* 04:15:00|*-*-* 02:30|Mon..Fri 09:00|Mon,Wed 10:00|Sat..Sun
Mon-Fri 8:00|mon|Monday|Mon,|*:0/15|*:00/15:00|*-*-*|12:00:00.5|02-30|2-31|*-02~01|*-*~3|2026-01-01|26-1-1|70-1-1
99-01-01|2199-01-01|*-*-* *:*:*|*-*-* *:*:0/7|*-*-1,15 3:00|*-1..3-1|*-*-* 10..12:00|*-*-* 8..18/2:00
Mon *-*-* 10:00|10:00 Europe/Oslo|10:00 UTC|10:00 utc|annually|yearly|anually|quarterly|semiannually|semi-annually
bi-annually|biannually|minutely|*-*-* 00:00:00/5|*-*-* 00:00:0/0.5|2003-02..04-05|2003-03-05 05:40|08:05:40|05:40
Sat,Sun 12-05 08:05:40|Sat,Thu,Mon..Wed,Sat..Sun|wed..wed,sun|Mon,Fri *-01/2-01,03 *:30:45|Wed-Sat,Tue 12-10-15 1:2:3
12,14,13,12:20,10,30|*-05~07/1|2003-05~7/2|*-*-* 12:00:0..30/2|*-*-1..1|*-*-1..2/5|*-*-1..2/31|*-*~3..5|*-*~3/2
*-*~28|*-*~28/27|@7258118399
*-*-* 12:00:59.9999994|*-*-* 12:00:01..02.5|*:*|*:*:*|Thu,Mon,|12:00:01.1234567|@1700000000
"""
BAD = """\
Fri..Mon 10:00|Mo 10:00|Mon..|Mon.. 10:00|*/5:00|12|12:|12:00:|12:00:60|24:00|12:60|13-45|*-*~40|1969-01-01|2200-01-01
@x|*-3..1-1|*-*-* 10..8:00|every day|Mon *-*-* 10:00 extra|10:00 Foo|10:00  UTC|monthly foo|secondly|*:0/60
*-*-* 00:00:59.9999999|1-2:00|1..2..3:00|1//2:00|1/2/3:00|,1:00|1,:00|99999999999-1-1|4294967297:00|-1:00|1.5:00
*-*-* 12:00:30..30|*-*-1..40/3|*-*-* 12:00:01..01.5|*-*~5..3|*-*-31/0|*-13/1-1|*-12/1-1|Mon Tue 10:00|*-0-1|*-*-0
*-*~29|*-*~28/28|*-*~1/28|*-*~3..29|@7258118400|@99999999999999999999
*-*-* 8/0:00|*:*:*:*|12:00:01.|Mon*-*-* 1:00|Europe/Oslo/|*-*-* 00:00:00 Europe/|Mon..Tue..Wed|Mon. 1:00|*~1-1
"""
EXPRESSIONS = [
    (text, good) for good, block in ((True, GOOD), (False, BAD)) for text in block.replace("\n", "|").split("|") if text
]


@pytest.mark.parametrize(("text", "good"), EXPRESSIONS, ids=str)
def test_what_is_taken(text: str, good: bool) -> None:
    assert (explain_calendar_trouble(text) is None) == good


@pytest.mark.parametrize("suite", ["bookworm", "noble", "trixie"])
def test_systemd_says_the_same(suite: str) -> None:
    """`systemd-analyze calendar` of each lab root."""
    roots = sorted(Path("/var/cache/qtctl/lab").glob(f"{suite}-*"))
    if not roots or not (roots[0] / "usr/bin/systemd-analyze").exists():
        pytest.skip(f"no root of {suite}: qtctl lab up makes one")
    for text, good in EXPRESSIONS:
        command = ["chroot", str(roots[0]), "systemd-analyze", "calendar", "--", text]
        asked = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (asked.returncode == 0) == good, text


TODAY = "2026-11-29"
OVER = """\
2025-01-01 03:00:00|2025-01-01|1999-*-*|2020..2025-*-*|25-1-1|99-01-01|@1700000000|Sat 2026-01..10~28|2026-1..10-*
*-02-30|*-2,4-31|2027-02-29|Sun 2027-01-30|Mon..Fri 2026-12-05,6|2026-1..10~28/7|2019/2,2026-02-31|2000..2025/5-*-*
"""
LEFT = """\
2026-11-29 23:59|2027-01-31|*-*-*|*-02-29|2028-02-29|*-02~28|Sat 2027-01-30|2019/2-01-01|Mon..Fri 2026-12-5..8|daily
12:00|Mon|@1900000000|2026-12~28|2026-*-30|Mon,Tue|2025,2199-01-01|26-12-1|*-02~1|2026-*~28/27|Sun|02-29|@7258118399
"""
DATES = [
    (text, left) for left, block in ((False, OVER), (True, LEFT)) for text in block[:-1].replace("\n", "|").split("|")
]


@pytest.mark.parametrize(("text", "left"), DATES, ids=str)
def test_whether_a_date_is_left(text: str, left: bool) -> None:
    assert has_date_left(text, TODAY) == left


def test_systemd_knows_of_the_same_dates() -> None:
    """`systemd-analyze calendar`: "Next elapse: never", in one process for all."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze on this machine")
    texts = [text for text, _ in DATES] + [text for text, good in EXPRESSIONS if good]
    command = ["systemd-analyze", "calendar", f"--base-time={TODAY} 00:00 UTC", "--", *texts]
    asked = subprocess.run(command, capture_output=True, text=True, check=False, env={"TZ": "UTC", "PATH": os.defpath})
    assert asked.returncode == 0, asked.stderr
    never = [line.partition(": ")[2] == "never" for line in asked.stdout.splitlines() if "Next elapse: " in line]
    assert [not has_date_left(text, TODAY) for text in texts] == never


@given(st.lists(st.sampled_from([text for text, good in EXPRESSIONS if good]), min_size=2, max_size=2))
def test_of_anything_it_can_be_said(texts: list[str]) -> None:
    """Two halves of two expressions, sense or nonsense: an answer, at once."""
    assert has_date_left(texts[0][: len(texts[0]) // 2] + texts[1], TODAY) in (True, False)


def test_nothing_is_no_expression() -> None:
    assert explain_calendar_trouble("") == explain_calendar_trouble("  ") == "it is empty"


@given(st.text(alphabet="0123456789*:-~/.,@ MonTueFriSun\u00e9", max_size=20) | st.text(max_size=10))
def test_anything_gets_an_answer(text: str) -> None:
    assert explain_calendar_trouble(text) != ""
