"""A rollout for people and tickets: how it ended, the hosts of each batch, then what went wrong on each host."""

from collections.abc import Iterator

from qtctl.model.rollout import HostEnd
from qtctl.reports import deploy_page
from qtctl.reports.blocks import Block, Blocks, Code, Paragraph, Section, Strong, Table, Text, Title, Tone, Toned
from qtctl.reports.deploy import DeployReport
from qtctl.reports.host_names import fold_names
from qtctl.reports.phrases import NONE, add_hint, format_count
from qtctl.reports.rollout import RolloutHost, RolloutReport

SAID = {
    HostEnd.UNCHANGED: "nothing to change",
    HostEnd.DEPLOYED: "deployed",
    HostEnd.ROLLED_BACK: "rolled back",
    HostEnd.RESTORED: "taken back: as it was before",
    HostEnd.FAILED: "not verified: a person is needed",
    HostEnd.REFUSED: "refused: nothing was changed",
    HostEnd.INTERRUPTED: "interrupted: nothing was changed",
    HostEnd.LEFT_OUT: "left out: it could not be planned",
    HostEnd.NOT_REACHED: "not reached: nothing was changed",
}
_TONES = {
    HostEnd.UNCHANGED: Tone.GOOD,
    HostEnd.DEPLOYED: Tone.GOOD,
    HostEnd.ROLLED_BACK: Tone.WARNING,
    HostEnd.RESTORED: Tone.BAD,
    HostEnd.FAILED: Tone.BAD,
    HostEnd.REFUSED: Tone.BAD,
}
HEADS = ("batch", "hosts", "how they ended", "why")


def build_page(report: RolloutReport) -> Blocks:
    return (
        Title(f"Deploy of {format_count(report.totals.hosts, 'host')}"),
        Paragraph(write_headline(report)),
        Paragraph(f"Fleet {report.fleet}, rollout {report.rollout or NONE}, qtctl {report.qtctl_version}."),
        Table(HEADS, tuple(_list_rows(report, toned=False))),
        *_show_hosts(report),
    )


def build_screen(report: RolloutReport) -> Blocks:
    return (Table(HEADS, tuple(_list_rows(report, toned=True)), "Hosts"), Paragraph(describe_totals(report)))


def write_headline(report: RolloutReport) -> Text:
    reached = all(each.end in (HostEnd.UNCHANGED, HostEnd.DEPLOYED) for each in report.hosts)
    head = "Deployed: all hosts run as declared" if reached and not report.exit_code else "Not finished"
    return (Strong(f"{head}."), f" {describe_totals(report)}")


def describe_totals(report: RolloutReport) -> str:
    """12 hosts: 1 restored, 11 not reached."""
    totals = report.totals.model_dump()
    counts = {end: totals[end.name.lower()] for end in HostEnd}
    parts = (f"{count} {end.value.replace('-', ' ')}" for end, count in counts.items() if count)
    rest = ". The next deploy goes on with those that were not reached" if report.totals.not_reached else ""
    return f"{format_count(report.totals.hosts, 'host')}: {', '.join(parts)}{rest}."


def _list_rows(report: RolloutReport, *, toned: bool) -> Iterator[tuple[Text, ...]]:
    """Hosts of a batch that ended alike share a row."""
    groups: dict[tuple[int, HostEnd, str], list[str]] = {}
    for each in report.hosts:
        groups.setdefault((each.batch, each.end, _explain(each)), []).append(each.address)
    for (batch, end, why), hosts in groups.items():
        said: Text = Toned(SAID[end], _TONES[end]) if toned and end in _TONES else SAID[end]
        names: Text = fold_names(hosts) if toned else Code(fold_names(hosts))
        yield (str(batch) if batch else NONE, names, said, why)


def _explain(each: RolloutHost) -> str:
    return add_hint(each.reason.what, each.reason.hint) if each.reason else ""


def _show_hosts(report: RolloutReport) -> Iterator[Block]:
    """A section for each host; hosts whose deploys read the same share one."""
    groups: dict[tuple[object, ...], list[str]] = {}
    first: dict[tuple[object, ...], DeployReport] = {}
    for each in report.hosts:
        for name, deploy in (("Deploy", each.deploy), ("Rollback", each.rollback)):
            if deploy is not None and (deploy.steps or deploy.outstanding or deploy.restarting or deploy.refusals):
                key = (name, *_list_shown(deploy))
                groups.setdefault(key, []).append(each.address)
                first.setdefault(key, deploy)
    for key, hosts in groups.items():
        yield _show_deploy(f"{key[0]} of {fold_names(hosts)}", first[key])


def _list_shown(deploy: DeployReport) -> Iterator[object]:
    """What a reader sees of it besides the host, without the times that its steps took."""
    yield deploy.status
    yield deploy.reason.what if deploy.reason else ""
    yield tuple((step.kind, step.subject, step.why, step.status, step.detail, step.diff) for step in deploy.steps)
    yield tuple((each.id, each.subject) for each in deploy.outstanding)
    yield deploy.restarting
    yield tuple((each.subject, each.reason) for each in deploy.refusals)


def _show_deploy(title: str, deploy: DeployReport) -> Section:
    _title, headline, _origin, *rest = deploy_page.build_page(deploy)
    return Section(title, (headline, *rest))
