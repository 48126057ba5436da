"""Findings about one service of a compose file."""

from dataclasses import dataclass
from pathlib import PurePosixPath

from qtctl.errors import Place
from qtctl.findings.finding import Finding, Outcome, Proof, make_fingerprint
from qtctl.findings.meaning import Meaning


@dataclass(frozen=True, slots=True)
class Service:
    """A compose service, at `line` of `file` (None: the file has no such service), judged on `host`."""

    file: str
    name: str
    line: int | None
    host: str

    @property
    def subject(self) -> str:
        return f"compose:{self.name}"

    def make_broken(  # noqa: PLR0917 - the columns of a finding, in their order
        self,
        meaning: Meaning,
        subject: str,
        expected: str,
        observed: str,
        remedy: str,
        proof: tuple[Proof, ...] = (),
    ) -> Finding:
        same = f"{PurePosixPath(self.file).name} {self.name} {subject}"
        return Finding(
            id=meaning.id,
            outcome=Outcome.BROKEN,
            severity=meaning.severity,
            title=meaning.title,
            subject=subject,
            host=self.host,
            place=Place(self.file, self.line),
            expected=expected,
            observed=observed,
            proof=proof,
            remedy=remedy,
            fingerprint=make_fingerprint(meaning.id, self.host, same),
        )
