"""Our parser against a real systemd: what `effective` makes of a unit, written plainly, is to systemd the same unit."""

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from qtctl.dialects.systemd.unitfile import effective, parse
from tests.adopt import same
from tests.adopt.plain import plain_text
from tests.adopt.strategies import KINDS, unit_texts

pytestmark = pytest.mark.lab

EXAMPLES = {"service": 120}
OTHERS = 20


def generated(kind: str) -> dict[str, str]:
    texts: list[str] = []

    @settings(
        max_examples=EXAMPLES.get(kind, OTHERS),
        database=None,
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(unit_texts(kind))
    def collect(text: str) -> None:
        texts.append(text)

    collect()
    return {f"made{number}.{kind}": text for number, text in enumerate(texts)}


def plainly(texts: dict[str, str]) -> same.Files:
    return same.Files({name: plain_text(effective(parse(text, name))).encode() for name, text in texts.items()})


def test_odd_texts_are_read_as_systemd_reads_them(host: str) -> None:
    texts = {name: text for kind in KINDS for name, text in generated(kind).items()}
    before = same.loaded(host, same.Files({name: text.encode() for name, text in texts.items()}))
    assert {properties["Unit.LoadState"] for properties in before.values()} == {"loaded"}
    differences = same.differences(before, same.loaded(host, plainly(texts)))
    assert [(each, texts[each.unit]) for each in differences] == []
