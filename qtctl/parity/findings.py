"""The QT8xx findings of a parity report: ids, titles, and what to do."""

from dataclasses import dataclass

from qtctl.errors import Place
from qtctl.parity.rows import ParityFinding, PortSide, UnitSide

TITLES = {
    "QT801": "compose service with no disposition",
    "QT802": "mapped, and its unit is absent or not running",
    "QT803": "port lost or moved",
    "QT809": "disposition names something that does not exist",
}


@dataclass(frozen=True, slots=True)
class Finder:
    """Makes the findings of one compose service, which stands at `line` of `file` (None: nowhere in it)."""

    file: str
    service: str
    line: int | None

    def make(  # noqa: PLR0917 - the columns of a finding, in their order
        self,
        number: str,
        subject: str,
        expected: str,
        observed: str,
        remedy: str,
        side: UnitSide | PortSide | None = None,
    ) -> ParityFinding:
        place = str(Place(self.file, self.line))
        proof = side.proof if side else ()
        return ParityFinding(number, TITLES[number], self.service, place, subject, expected, observed, remedy, proof)

    @property
    def subject(self) -> str:
        return f"compose:{self.service}"

    def no_disposition(self) -> ParityFinding:
        return self.make(
            "QT801",
            self.subject,
            "mapped, migrated, absorbed or deprecated, and why",
            "no disposition",
            f"say in registry/legacy what became of {self.service}",
        )

    def not_running(self, side: UnitSide) -> ParityFinding:
        declared = f"declared {side.declared}; " if side.declared != "running" else ""
        return self.make(
            "QT802",
            side.unit,
            "active",
            f"{declared}{side.reason}",
            f"systemctl status {side.unit}; start it, or correct the disposition of {self.service}",
            side,
        )

    def port_lost(self, side: PortSide) -> ParityFinding:
        where = f"{side.expected}/{side.published.protocol}"
        return self.make(
            "QT803",
            where,
            f"{side.published.raw} of {self.service} found at {where}",
            side.reason,
            f"bring the port back, or say in the disposition of {self.service} that it moved or is gone, and why",
            side,
        )

    def names_no_service(self) -> ParityFinding:
        return self.make(
            "QT809",
            self.subject,
            f"a service of {self.file}",
            "the file has none of this name",
            "remove the disposition, or correct its name",
        )

    def names_no_unit(self, name: str) -> ParityFinding:
        return self.make(
            "QT809",
            f"{self.subject} to {name}",
            "a service or external of the registry",
            "the registry has none of this name",
            f"declare {name}, or correct the disposition of {self.service}",
        )

    def went_nowhere(self, kind: str) -> ParityFinding:
        return self.make(
            "QT809",
            self.subject,
            f"{kind}: the services or externals it went to",
            "`to` is empty",
            f"name where {self.service} went, or call it absorbed or deprecated",
        )

    def names_no_port(self, key: str) -> ParityFinding:
        return self.make(
            "QT809",
            f"{self.subject} port {key}",
            f"a port that {self.service} publishes",
            "it publishes no such port",
            f"remove the port from the disposition of {self.service}, or correct it",
        )

    def says_nothing(self, key: str, word: str) -> ParityFinding:
        return self.make(
            "QT809",
            f"{self.subject} port {key}",
            'a port ("8001") or "gone: reason"',
            word or "nothing",
            f"say where port {key} is now, or why it is gone",
        )
