"""Reports of every kind, as qtctl writes them; those of hosts from healthy, broken, incomplete and no evidence."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any

from qtctl.adapters.files import read_templates
from qtctl.audit.judge import judge
from qtctl.collect.document import dump
from qtctl.dialects.compose.load import Setting, load_project
from qtctl.findings.finding import Finding, Outcome, Severity
from qtctl.findings.verdict import Conclusion
from qtctl.flows.adopt_compose import adopt_compose
from qtctl.flows.lint import examine, list_declared
from qtctl.flows.views import show
from qtctl.model.evidence import Evidence, Item, State
from qtctl.model.policy import GateStep
from qtctl.reports import adopt, audit, catalogue, fleet, flow, gate, module_registry, overview, parity
from qtctl.reports.check import Check
from qtctl.reports.document import dump as dump_part
from qtctl.reports.gate import StepResult
from qtctl.reports.lint import Report, to_json
from qtctl.reports.totals import Totals
from qtctl.reports.unreachable import condense
from qtctl.views.choices import Kind
from qtctl.views.listing import make_listing
from tests.adopt.small import into
from tests.builders.reported import FILES, ITEMS, desired, evidence
from tests.lint.case import TEMPLATES
from tests.parity.test_report import WRONG
from tests.parity.test_report import document as compare_shop
from tests.parity.whole import Shop
from tests.reports.checks import CHECKS
from tests.reports.fleets import compared
from tests.reports.test_parity import reports as parity_of
from tests.reports.test_schemas import REGISTRY, WRITTEN

Make = Callable[[], str]
REASON = "the name nowhere.invalid does not resolve"


def refuse(item: Item) -> Item:
    return replace(item, state=State.REFUSED, value=None, reason=REASON, again="", line="")


EVIDENCE: Mapping[str, Evidence] = {
    "mixed": evidence(),
    "incomplete": evidence(ITEMS[::2]),
    "none": evidence(()),
    "unreachable": evidence(tuple(map(refuse, ITEMS))),
}


def judge_all(name: str) -> Sequence[Finding]:
    checks = judge(desired(), EVIDENCE[name])
    if name != "unreachable":
        return checks
    return tuple(replace(each, outcome=Outcome.UNKNOWN, reason=REASON, observed=None, waiver=None) for each in checks)


CHECKED: Mapping[str, Sequence[Finding]] = {name: judge_all(name) for name in EVIDENCE}


def of_host(name: str) -> dict[str, Make]:
    """The reports of one look at the host."""
    seen, checks = EVIDENCE[name], CHECKED[name]
    return {
        f"audit {name}": lambda: audit.to_json(audit.build_report(desired(), seen, checks)),
        **(
            {}
            if name != "mixed"
            else {f"audit --all {name}": lambda: audit.to_json(audit.build_report(desired(), seen, checks, every=True))}
        ),
        f"registry {name}": lambda: module_registry.to_json(module_registry.build_report(desired(), seen, checks)),
        f"overview {name}": lambda: overview.to_json(overview.build_report(desired(), seen, checks)),
        f"catalogue {name}": lambda: catalogue.to_json(catalogue.build_report(desired(), seen, checks)),
        f"flow {name}": lambda: flow.to_json(
            flow.build_report(REGISTRY, module_registry.build_report(desired(), seen, checks))
        ),
        f"parity {name}": lambda: parity.to_json(parity_of(seen)),
        f"evidence {name}": lambda: dump(seen),
    }


def lint() -> str:
    files = {path: text.encode() for path, text in FILES.items()}
    linted = examine(files, TEMPLATES)
    assert linted.registry is not None
    return to_json(Report("r", linted.errors, linted.findings, list_declared(linted.registry), linted.gate))


def lint_errors() -> str:
    linted = examine({"fleet.toml": b"name = 5\nunit_prefix =\n"}, TEMPLATES)
    return to_json(Report("r", linted.errors, linted.findings, None, linted.gate))


def show_api() -> str:
    return dump_part(show({path: text.encode() for path, text in FILES.items()}, read_templates(None), "api", None))


def adopt_project() -> str:
    """With attributes that no key expresses, and comments."""
    text = (
        "services:\n  a:\n    # why\n    image: x\n    command: [/b]\n    shm_size: 1g\n    mem_limit: 1g\n"
        "  c: {image: x, privileged: true, volumes: [/a:/a]}\n"
    )
    done = adopt_compose([load_project({"compose.yml": text}, Setting(lenient=True))], into())
    return adopt.to_json(adopt.build_report(done.adoption, "out"))


def write_gate() -> str:
    """Of a host that was not reached: one finding stands for all checks."""
    checks = CHECKED["unreachable"]
    step = StepResult(
        GateStep.AUDIT, "box", Conclusion.INCOMPLETE, tuple(condense(checks, "box")), ("qtctl", "audit"),
        totals=Totals.of(map(Check.of, checks)),
    )  # fmt: skip
    return gate.to_json(
        gate.build_report(
            [step], fleet="f", registry="r", hosts=["box"], gate=Severity.WARNING, now=evidence().taken_at
        )
    )


def write_parity(shop: Shop) -> str:
    return dump_part(compare_shop(shop))


def list_kind(kind: Kind) -> str:
    return dump_part(make_listing(REGISTRY, kind))


SAMPLES: dict[str, Make] = {
    **{name: write for name, write in WRITTEN.items() if not name.endswith("-line")},
    **{name: make for each in EVIDENCE for name, make in of_host(each).items()},
    "fleet": lambda: fleet.to_json(
        fleet.build_report(
            [audit.build_report(desired(), EVIDENCE[each], CHECKED[each]) for each in EVIDENCE], compared(4)
        )
    ),
    "adopt compose": adopt_project,
    "gate unreachable": write_gate,
    **{f"parity {name}": partial(write_parity, shop) for name, shop in (("full", Shop()), ("gaps", WRONG))},
    "checks with causes": lambda: audit.to_json(audit.build_report(desired(), evidence(), CHECKS, every=True)),
    "flow declared": lambda: flow.to_json(flow.build_report(REGISTRY, None)),
    "lint": lint,
    "lint errors": lint_errors,
    "show": show_api,
    **{f"list {kind}": partial(list_kind, kind) for kind in Kind},
    "lab": lambda: json.dumps({"schema_version": 1, "hosts": []}),
}


@cache
def write_sample(name: str) -> str:
    return SAMPLES[name]()


def read_sample(name: str) -> Any:
    """A report, parsed anew."""
    return json.loads(write_sample(name))
