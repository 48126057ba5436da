"""Many files: copies, drop-ins, links, masks, and files that are no units."""

import random

import pytest

from qtctl.adopt.adoption import Fate, FileKind
from qtctl.model.adoption import UnitState
from tests.adopt.small import adopt, fates, place_of, rendered, table

PLAIN = "[Service]\nExecStart=/bin/{}\n"


def reasons(adopted: object, path: str) -> str:
    (file,) = (each for each in adopted.adoption.files if each.path == path)  # type: ignore[attr-defined]
    return str(file.why)


def command(adopted: object, name: str) -> str:
    return str(table(adopted, f"services/{name}.toml")["run"]["argv"][0])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("paths", "prefer", "taken"),
    [
        (("old/x.service", "new/x.service"), ("new/*",), "new/x.service"),
        (("usr/lib/systemd/system/x.service", "etc/systemd/system/x.service"), (), "etc/systemd/system/x.service"),
        (("a/x.service", "b/x.service", "b/y.service"), (), "b/x.service"),
        (("a/b/x.service", "z/x.service"), (), "z/x.service"),
        (("b/x.service", "a/x.service"), (), "a/x.service"),
    ],
)
def test_one_of_several_copies(paths: tuple[str, ...], prefer: tuple[str, ...], taken: str) -> None:
    texts = {path: PLAIN.format(number) for number, path in enumerate(paths)}
    adopted = adopt(texts, prefer=prefer)
    assert command(adopted, "x") == f"/bin/{paths.index(taken)}"
    others = [path for path in paths if path.endswith("x.service") and path != taken]
    for path in others:
        assert "another ExecStart=" in reasons(adopted, path)
        assert set(fates(adopted, path).values()) == {Fate.COPY}
    assert {place_of(each).file for each in adopted.adoption.judgments} == set(others)


def test_the_choice_does_not_hang_on_the_order_of_files() -> None:
    texts = [(f"{folder}/x.service", PLAIN.format(folder)) for folder in "dbcae"]
    found = set()
    for seed in range(5):
        random.Random(seed).shuffle(texts)  # noqa: S311 - an order, no secret
        found.add(command(adopt(dict(texts)), "x"))
    assert found == {"/bin/a"}


def test_drop_ins_are_merged_as_systemd_reads_them() -> None:
    adopted = adopt({
        "shop-a.service": "[Service]\nExecStart=/bin/old\nNice=1\nReadWritePaths=/a\n",
        "shop-b.service": PLAIN.format("b"),
        "shop-a.service.d/20.conf": "[Service]\nExecStart=\nExecStart=/bin/new\n",
        "shop-a.service.d/10.conf": "[Service]\nNice=2\nReadWritePaths=/b\n",
        "shop-.service.d/10.conf": "[Service]\nNice=3\nOOMScoreAdjust=5\n",
        "service.d/30.conf": "[Service]\nTasksMax=9\n",
        "shop-a.service.d/readme.txt": "no drop-in",
        "other.service.d/x.conf": "[Service]\nExecStart=\nExecStart=/bin/x\nMemoryMax=1G\n",
    })  # fmt: skip
    a = rendered(adopted)["shop-a.service"]
    assert "ExecStart=/bin/new\n" in a
    assert "/bin/old" not in a
    assert "Nice=2\n" in a
    assert "TasksMax=9\n" in a
    assert "OOMScoreAdjust" not in a
    assert "OOMScoreAdjust=5" in rendered(adopted)["shop-b.service"]
    other = next(text for path, text in rendered(adopted).items() if path.startswith("other.service.d/"))
    assert other.index("ExecStart=\n") < other.index("ExecStart=/bin/x\n")
    assert "MemoryMax=1G" in other
    assert fates(adopted, "shop-a.service")[2] is Fate.REPLACED
    assert adopted.adoption.differences == ()


def test_drop_ins_of_an_instance() -> None:
    """Those of its template are merged there, once: what they say in spite of the instance's own is listed."""
    adopted = adopt({
        "w@.service": PLAIN.format("w"),
        "w@.service.d/a.conf": "[Service]\nExecStartPre=/bin/pre\nNice=3\n",
        "w@.service.d/c.conf": "[Service]\nOOMScoreAdjust=5\n",
        "w@.service.d/d.conf": "[Service]\nUMask=077\n",
        "w@1.service.d/b.conf": "[Service]\nUMask=022\nNice=4\n",
        "w@1.service.d/c.conf": "[Service]\nCPUWeight=5\n",
    })  # fmt: skip
    own = next(text for path, text in rendered(adopted).items() if path.startswith("w@1.service.d/"))
    assert own.split("[Service]\n")[1].split() == ["CPUWeight=5", "Nice=4", "UMask=022"]
    assert rendered(adopted)["w@.service"].count("ExecStartPre=/bin/pre") == 1
    assert [(each.unit, each.directive) for each in adopted.adoption.differences] == [
        ("w@1.service", "OOMScoreAdjust"), ("w@1.service", "UMask"),
    ]  # fmt: skip
    assert all(each.because for each in adopted.adoption.differences)
    assert any("cannot be hidden" in each.what for each in adopted.adoption.judgments if each.subject == "w@1.service")


def test_links() -> None:
    adopted = adopt(
        {"a.service": PLAIN.format("a"), "b.service": PLAIN.format("b"), "w@.service": PLAIN.format("w"),
         "empty.service": ""},
        {"multi-user.target.wants/a.service": "../a.service", "other.service": "a.service",
         "masked.service": "/dev/null", "multi-user.target.wants/w@2.service": "../w@.service",
         "multi-user.target.wants/cron.service": "/lib/systemd/system/cron.service"},
    )  # fmt: skip
    assert table(adopted, "services/a.toml")["state"] == "running"
    assert table(adopted, "services/a.toml")["install"] == {"wanted_by": ["multi-user.target"],
                                                             "alias": ["other.service"]}  # fmt: skip
    assert table(adopted, "services/b.toml")["state"] == "stopped"
    assert table(adopted, "services/w@.toml")["instances"] == ["2"]
    assert {each["unit"] for each in table(adopted, "externals.toml").values()} == {"masked.service", "empty.service"}
    assert "not adopted" in reasons(adopted, "multi-user.target.wants/cron.service")
    assert all(each.because for each in adopted.adoption.differences)


def test_states_of_a_live_host() -> None:
    texts = {f"{name}.service": PLAIN.format(name) + "[Install]\nWantedBy=multi-user.target\n" for name in "abc"}
    states = {"a.service": UnitState("enabled", "active"), "b.service": UnitState("disabled", "inactive"),
              "c.service": UnitState("disabled", "active")}  # fmt: skip
    adopted = adopt(texts, states=states)
    assert [each.state for each in adopted.adoption.units] == ["running", "stopped", "running"]


def test_files_that_are_no_units() -> None:
    names = ("readme.md", "x.service.bak", "a b.service", "x.service~", "dev-sda.device", "run.scope")
    adopted = adopt({"x.service": PLAIN.format("x"), **dict.fromkeys(names, "text")})
    assert [each.path for each in adopted.adoption.files if each.kind is FileKind.OTHER] == sorted(names)
    assert all(not each.taken and each.why for each in adopted.adoption.files if each.path in names)


def test_only_some() -> None:
    adopted = adopt({"a.service": PLAIN.format("a"), "b.service": PLAIN.format("b")}, only=("a*",))
    assert [each.unit for each in adopted.adoption.units] == ["a.service"]
    assert "asked for" in reasons(adopted, "b.service")


def test_the_same_files_give_the_same_bytes() -> None:
    texts = {f"{folder}/{name}.service": PLAIN.format(folder) for folder in "ab" for name in "xyz"}
    one, other = adopt(texts), adopt(dict(reversed(texts.items())))
    assert one.files == other.files
    assert one.adoption == other.adoption
