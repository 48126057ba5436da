"""Our parser against a real systemd: what `effective` makes of a unit, written plainly, is to systemd the same unit."""

import pytest

from qtctl.dialects.systemd.unitfile import merge_effective, parse
from tests.adopt import same
from tests.adopt.plain import plain_text
from tests.adopt.strategies import all_texts

pytestmark = pytest.mark.lab


def plainly(texts: dict[str, str]) -> same.Files:
    return same.Files({name: plain_text(merge_effective(parse(text, name))).encode() for name, text in texts.items()})


def test_odd_texts_are_read_as_systemd_reads_them(host: str) -> None:
    texts = all_texts(services=80, others=14)
    before = same.loaded(host, same.Files({name: text.encode() for name, text in texts.items()}))
    assert {properties["Unit.LoadState"] for properties in before.values()} == {"loaded"}
    differences = same.differences(before, same.loaded(host, plainly(texts)))
    assert [(each, texts[each.unit]) for each in differences] == []
