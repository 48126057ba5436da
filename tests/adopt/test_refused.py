"""What systemd refuses is not adopted, and nothing that is adopted is rendered as something that it refuses."""

from qtctl.errors import Place
from qtctl.findings.finding import Finding
from qtctl.flows.adopt import Adopted
from tests.adopt.small import adopt, place_of, rendered
from tests.dialects.systemd.refused import cases
from tests.dialects.systemd.test_refusals import refused

STEP = 13
"""Of the units that systemd judges every time, those that are adopted here."""


def of_id(adopted: Adopted, id_: str) -> list[Finding]:
    return [each for each in adopted.adoption.judgments if each.id == id_]


def test_what_systemd_refuses_is_left_out_and_the_rest_is_loaded() -> None:
    every = cases()
    units = [name for name in every if "/" not in name][::STEP]
    files = {path: text for path, text in every.items() if path.partition(".d/")[0] in units}
    bad = refused(files, 252)
    adopted = adopt(files)
    taken = {unit.unit for unit in adopted.adoption.units}
    assert len(bad) > 50
    assert len(taken) > 50
    assert not taken & bad
    reported = {each.subject for each in adopted.adoption.judgments if each.id == "QT118"}
    assert bad <= reported
    assert not refused(rendered(adopted), 252)


def test_the_reason_is_systemds_and_stands_at_its_line() -> None:
    once = "[Service]\nType=oneshot\nExecStart=/bin/true\nRestart=always\n"
    adopted = adopt({"a.service": once, "b.service": "[Service]\nExecStart=/bin/true\n"})
    (found,) = of_id(adopted, "QT118")
    assert "has Restart=always, which Type=oneshot may not have: systemd does not load it" in found.what
    assert place_of(found) == Place("a.service", 4)
    assert [unit.unit for unit in adopted.adoption.units] == ["b.service"]


def test_a_drop_in_is_read_as_far_as_systemd_reads_it() -> None:
    files = {
        "a.service": "[Service]\nExecStart=/bin/true\n",
        "a.service.d/10.conf": "[Service]\nNice=3\nUser=a:b\nNice=5\nType=dbus\n",
        "other.service.d/10.conf": "[Service]\nNice=3\nUser=a:b\nNice=5\n",
    }
    adopted = adopt(files)
    places = {str(place_of(each)) for each in of_id(adopted, "QT118")}
    assert places == {"a.service.d/10.conf:3", "other.service.d/10.conf:3"}
    texts = rendered(adopted)
    assert "Nice=3" in texts["a.service"]
    assert "dbus" not in texts["a.service"]
    assert all("Nice=5" not in text for text in texts.values())
