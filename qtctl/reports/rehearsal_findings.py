"""What a rehearsal shows, as findings: one for each step, and one for each part of the real host that was missing."""

from collections.abc import Iterator
from dataclasses import replace

from qtctl.dialects.secrets import mask_message
from qtctl.dialects.wording import count_more
from qtctl.findings.finding import Finding, Outcome, make_fingerprint
from qtctl.findings.meaning import Meaning
from qtctl.findings.policy import Policy
from qtctl.model.json import Json
from qtctl.model.rehearsal import NotModelled
from qtctl.plan.rehearsed import Rehearsal, RehearsedStep
from qtctl.rules.rehearsal.steps import OF_STEP, QT1201

_SHOWN = 20
"""Findings and lines of one step that are in its finding. The report has all of them."""


def judge_rehearsal(rehearsal: Rehearsal, policy: Policy) -> tuple[Finding, ...]:
    """Every check. What no rehearsal can have is not asked; what the evidence could have shown is unknown."""
    found = (*_judge_steps(rehearsal), *(_judge_lacking(rehearsal.host, each) for each in rehearsal.not_modelled))
    return tuple(policy.rule(each) for each in found)


def _judge_steps(rehearsal: Rehearsal) -> Iterator[Finding]:
    causes: dict[str, str] = {}
    for step in rehearsal.steps:
        meaning = OF_STEP[step.kind]
        subject = step.subject if step.subject != rehearsal.host else f"{step.kind} on {rehearsal.host}"
        found = _make(meaning, rehearsal.host, subject, step)
        if step.outcome is not Outcome.HOLDS:
            causes.setdefault(step.kind, found.fingerprint)
        yield replace(found, cause=causes.get(step.after) if step.after is not None else None)


def _make(meaning: Meaning, host: str, subject: str, step: RehearsedStep) -> Finding:
    said = mask_message(step.said) if step.after is None else f"not tried, because of {step.after}"
    return Finding(
        id=meaning.id,
        outcome=step.outcome,
        severity=meaning.severity,
        title=meaning.title,
        subject=subject,
        host=host,
        what=said,
        expected={"rehearsal": "as declared"},
        observed=_describe(step, said),
        remedy="" if step.outcome is Outcome.HOLDS else f"qtctl explain {meaning.id}",
        reason=said if step.outcome.is_open else None,
        untried=step.outcome is Outcome.NOT_ASKED,
        fingerprint=make_fingerprint(meaning.id, host, subject),
    )


def _describe(step: RehearsedStep, said: str) -> Json:
    found = (f"{each.id} {each.subject}: {each.title}" for each in step.findings)
    lines: list[Json] = [*map(mask_message, step.details), *found]
    more: list[Json] = [count_more(len(lines) - _SHOWN)] if len(lines) > _SHOWN else []
    return {"said": said, **({"open": [*lines[:_SHOWN], *more]} if lines else {})}


def _judge_lacking(host: str, each: NotModelled) -> Finding:
    return Finding(
        id=QT1201.id, outcome=Outcome.UNKNOWN if each.gap else Outcome.NOT_ASKED, severity=QT1201.severity,
        title=QT1201.title, subject=each.subject, host=host, what=each.why, reason=each.why,
        remedy=each.remedy or "see it on the host itself", untried=not each.gap,
        fingerprint=make_fingerprint(QT1201.id, host, each.subject),
    )  # fmt: skip
