"""QT724: a boot would get as far as the fleet, and someone could log in afterwards."""

from collections.abc import Iterator

from qtctl.dialects.shell import quote
from qtctl.dialects.systemd.boot_order import BOOTED, ESSENTIAL, LOGINS
from qtctl.findings.finding import Severity
from qtctl.findings.remedy import make_steps
from qtctl.model.desired import Desired
from qtctl.model.evidence import Need
from qtctl.model.facts import Facts, Unit, UnitListing
from qtctl.model.mount_facts import BootMounts
from qtctl.rules import proofs
from qtctl.rules.rule import NOT_JUDGED, Expectation, Judgment, ProofSource, Rule, Verdict

LISTING, MOUNTS = Need(UnitListing.FACT, "*"), Need(BootMounts.FACT, "*")
_UNUSABLE = ("not-found", "masked", "error", "bad-setting")


def _expect_boot(desired: Desired) -> tuple[Expectation, ...]:  # noqa: ARG001 every host boots
    targets = tuple(Need(Unit.FACT, name) for name in BOOTED)
    return (
        Expectation("boot", {"in its way": []}, (LISTING, *targets), _is_whole),
        Expectation("boot, file systems", {"not mounted": []}, (MOUNTS,), _are_mounted),
    )


def _is_whole(facts: Facts) -> Judgment:
    found = facts.read(UnitListing, LISTING.subject)
    if found is None:
        return NOT_JUDGED
    verdicts = (*_judge_targets(facts, found), *_judge_masks(found), *_judge_logins(found))
    return verdicts or Verdict(True, {"in its way": []})


def _judge_targets(facts: Facts, listing: UnitListing) -> Iterator[Verdict]:
    """A target that requires something that cannot be started is not started, and systemd goes into rescue mode."""
    for target in BOOTED:
        unit = facts.read(Unit, target)
        for name in (unit.requires or ()) if unit else ():
            load = listing.units.get(name, [""])[0]
            if load in _UNUSABLE:
                need = Need(Unit.FACT, target)
                source = proofs.prove_reference(need, target, "Requires", name)
                remedy = make_steps(
                    ("systemctl", "cat", "--no-pager", "--", target),
                    f"take {name} out of Requires= there, or bring it back, then",
                    ("systemctl", "daemon-reload"),
                )
                yield Verdict(False, {"requires": name, "which is": load}, (source,), subject=target, remedy=remedy)


def _judge_masks(listing: UnitListing) -> Iterator[Verdict]:
    for name in ESSENTIAL:
        if name not in LOGINS and listing.files.get(name, "").startswith("masked"):
            source = ProofSource(LISTING, f"systemctl is-enabled {name}", listing.files[name])
            remedy = make_steps(("systemctl", "unmask", "--", name), ("systemctl", "daemon-reload"))
            yield Verdict(False, {"file": listing.files[name]}, (source,), subject=name, remedy=remedy)


def _judge_logins(listing: UnitListing) -> Iterator[Verdict]:
    """If sshd is a unit of the host at all, one of its units starts at boot."""
    states = {name: listing.files[name] for name in LOGINS if name in listing.files}
    if not states or any(state.startswith(("enabled", "generated", "static")) for state in states.values()):
        return
    name = next((each for each, state in states.items() if state != "alias"), next(iter(states)))
    source = ProofSource(LISTING, f"systemctl is-enabled {name}", states[name])
    verb = "unmask" if states[name].startswith("masked") else "enable"
    remedy = make_steps(("systemctl", verb, "--", name), "nobody can log in after the next boot without it")
    yield Verdict(False, {**states}, (source,), subject=name, remedy=remedy)


def _are_mounted(facts: Facts) -> Judgment:
    found = facts.read(BootMounts, MOUNTS.subject)
    if found is None:
        return NOT_JUDGED
    return tuple(_judge_mount(path) for path in found.missing) or Verdict(True, {"not mounted": []})


def _judge_mount(path: str) -> Verdict:
    source = ProofSource(MOUNTS, f"findmnt -n --mountpoint {quote(path)} || echo absent", "absent")
    remedy = make_steps(
        ("mount", "--", path), "if it cannot be mounted, correct its line in /etc/fstab, or give that the option nofail"
    )
    return Verdict(False, {"mounted": False}, (source,), subject=path, remedy=remedy)


QT724 = Rule(
    "QT724",
    "next boot would fail",
    Severity.ERROR,
    several="things would make the next boot fail",
    what="A target that every boot starts requires a unit that is missing, masked or cannot be loaded; /etc/fstab has "
    "an entry (without nofail or noauto) that is not mounted; D-Bus, the journal or systemd-tmpfiles-setup is masked; "
    "or no unit of sshd is enabled. Kernel, boot loader and disks are not checked.",
    why="Everything runs now, and nobody notices until the host restarts: then it waits in emergency or rescue mode "
    "for someone at its console, or lets nobody in, or lacks folders of /run. No unit of the fleet is at "
    "fault, and none runs.",
    fix="The finding names the file system or unit. `mount -a` and `systemctl list-dependencies default.target` show "
    "what else would fail; test the boot while someone can reach the console.",
    expect=_expect_boot,
)
RULES = (QT724,)
