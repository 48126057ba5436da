"""A law: a compose project whose services are adopted as they are has lost nothing, and each setting taken out of
what was adopted is one finding.
"""

import json
import tomllib
from typing import Any

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qtctl.adopt.compose import Adopting
from qtctl.adopt.compose_settings import read_settings
from qtctl.adopt.ledger import Ledger
from qtctl.adopt.registry import HostFacts, write_text
from qtctl.dialects.compose.load import Project, Setting, load_project, make_compose
from qtctl.model.registry import Legacy
from qtctl.parity.claims import Record
from qtctl.parity.compare import Ground, compare_file
from qtctl.parity.rows import ParityReport
from qtctl.registry.load import load
from qtctl.resolve.resolve import resolve
from qtctl.rules.setting_fates import BROKEN, Fate
from tests.adopt.small import HOST

NAMES = ("one", "two", "three")
WORD = st.text("abc-xyz.0/", min_size=1, max_size=8).filter(lambda text: text.strip() == text)
WORDS = st.lists(WORD, max_size=3).map(lambda words: ["/srv/x", *words])
NUMBER = st.integers(1, 500)


def optional(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


SERVICE = st.builds(
    lambda fixed, more: {**fixed, **more},
    st.fixed_dictionaries({"image": st.just("x"), "entrypoint": WORDS}),
    optional(
        environment=st.dictionaries(st.sampled_from(["LEVEL", "MODE", "TZ", "REDIS_HOST"]), WORD, min_size=1),
        restart=st.sampled_from(["always", "no", "on-failure"]),
        user=st.sampled_from(["shop", "root"]),
        mem_limit=NUMBER.map("{}m".format),
        cpus=NUMBER.map(str),
        pids_limit=NUMBER,
        stop_grace_period=NUMBER.map("{}s".format),
        stop_signal=st.sampled_from(["SIGINT", "SIGQUIT"]),
        cap_drop=st.just(["ALL"]),
        read_only=st.just(True),
        tmpfs=st.just(["/scratch"]),
        depends_on=st.just(["one"]),
        volumes=st.just(["/srv/data:/srv/data"]),
        logging=st.just({"driver": "journald"}),
    ),
)  # fmt: skip
TAKEN_OUT = {
    "environment": ("env",), "restart": ("restart",), "mem_limit": ("limits", "memory_max"),
    "cpus": ("limits", "cpu_quota"), "pids_limit": ("limits", "tasks_max"), "stop_signal": ("kill",),
    "stop_grace_period": ("timeouts",), "read_only": ("sandbox", "protect_system"),
    "cap_drop": ("sandbox", "capability_bounding_set"), "tmpfs": ("sandbox", "temporary_file_systems"),
    "depends_on": ("order",), "user": ("user",),
}  # fmt: skip
"""What a compose service says → where adoption puts it."""


def adopt(services: dict[str, Any]) -> tuple[Project, dict[str, bytes]]:
    made = {name: {key: value for key, value in each.items() if name != "one" or key != "depends_on"}
            for name, each in services.items()}  # fmt: skip
    project = load_project({"f.yml": json.dumps({"services": made})}, Setting(folder="/p", lenient=True))
    adopting = Adopting("shop", Ledger())
    adopting.take(project)
    documents = adopting.make_documents(HostFacts(HOST, HOST))
    return project, {path: write_text(document).encode() for path, document in documents.items()}


def compare(project: Project, files: dict[str, bytes]) -> ParityReport:
    registry = load(files)
    legacy: Legacy = registry.legacy[0]
    return compare_file(
        Record(make_compose(project), legacy),
        Ground.of(resolve(registry, next(iter(registry.hosts))), None),
        read_settings(project, 252),
    )


PROJECT = st.dictionaries(st.sampled_from(NAMES), SERVICE, min_size=1).map(
    lambda found: {"one": {"image": "x", "entrypoint": ["/srv/x"]}, **found}
)


@settings(deadline=None, max_examples=30, suppress_health_check=list(HealthCheck))
@given(PROJECT)
def test_what_was_adopted_as_it_is_has_lost_nothing(services: dict[str, Any]) -> None:
    report = compare(*adopt(services))
    assert [(each.id, each.subject, each.observed) for each in report.findings] == []
    fates = {each.declared for row in report.rows for part in row.dimensions for each in part.settings}
    assert fates <= {Fate.KEPT, Fate.CHANGED, Fate.NEW, Fate.NOT_APPLICABLE}


WHOLE: dict[str, Any] = {
    "environment": {"LEVEL": "info"}, "restart": "always", "mem_limit": "64m", "cpus": "0.5", "pids_limit": 9,
    "stop_signal": "SIGINT", "stop_grace_period": "3s", "read_only": True, "cap_drop": ["ALL"], "tmpfs": ["/scratch"],
    "depends_on": ["one"], "user": "clerk",
}  # fmt: skip


@pytest.mark.parametrize("key", TAKEN_OUT)
def test_each_setting_taken_out_is_one_finding(key: str) -> None:
    project, files = adopt({"one": {"image": "x", "entrypoint": ["/srv/x"]},
                            "two": {"image": "x", "entrypoint": ["/srv/x"], **WHOLE}})  # fmt: skip
    table = tomllib.loads(files["services/two.toml"].decode())
    inner: Any = table
    *above, last = TAKEN_OUT[key]
    for each in above:
        inner = inner[each]
    del inner[last]
    report = compare(project, {**files, "services/two.toml": tomli_w.dumps(table).encode()})
    broken = [each for row in report.rows for part in row.dimensions for each in part.settings if each.fate in BROKEN]
    assert len(report.findings) == len(broken) == 1
    assert report.findings[0].subject.startswith(f"compose:two {'environment.LEVEL' if key == 'environment' else key}")
