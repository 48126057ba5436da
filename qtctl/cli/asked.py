"""What is asked of a live host, and how it is reached."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qtctl.cli.connect import Way, declared_way, passwords
from qtctl.errors import Unreachable

if TYPE_CHECKING:
    from qtctl.model.desired import Desired
    from qtctl.model.evidence import Evidence, Need
    from qtctl.model.secret import Secret
    from qtctl.ports.host import Host


@dataclass(frozen=True, slots=True)
class Asked:
    target: str
    way: Way
    desired: "Desired"
    needs: "tuple[Need, ...]"
    passwords: "Mapping[str, Secret]"

    def of(self, connect: "Callable[[], Host]", say: "Callable[[str], None]") -> "Evidence":
        """Its evidence: all of it refused where there is no connection."""
        from qtctl.adapters.clock import SystemClock
        from qtctl.collect.collect import collect, unreachable

        clock = SystemClock()
        try:
            with connect() as host:
                say(f"asking {self.target}")
                return collect(host, self.desired, self.needs, clock, passwords=self.passwords)
        except Unreachable as error:
            return unreachable(self.desired, self.needs, error, clock, self.target)
        except MemoryError:
            return self.lost("the host sends more than fits into the memory that an audit may take")

    def lost(self, why: str) -> "Evidence":
        """The evidence of a look that came to nothing, all of it refused."""
        from qtctl.adapters.clock import SystemClock
        from qtctl.collect.collect import unreachable

        error = Unreachable(f"{self.target}: {why}", hint="the host is broken or hostile; look at it by other means")
        return unreachable(self.desired, self.needs, error, SystemClock(), self.target)


def asked(desired: "Desired", target: str, user: str | None) -> Asked:
    """Of `target`, which is, or stands in for, the host of `desired`: all that an audit judges."""
    from qtctl.flows.audit import needs

    way = declared_way(target, desired, user, "audit")
    return Asked(target, way, desired, needs(desired), passwords(desired))
