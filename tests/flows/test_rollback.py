"""Going back to an earlier generation of a real host: it is deployed like anything else, and every refusal is clear."""

import gzip

import pytest

from qtctl.adapters.clock import SystemClock
from qtctl.apply.generation import BASE
from qtctl.errors import DeployRefused, UnusableGeneration
from qtctl.flows.backup import restore
from qtctl.flows.deploy import deploy
from qtctl.flows.rollback import fetch_earlier, fetch_found, read_earlier, read_generations
from qtctl.lab import lab
from qtctl.model.plan import Choices
from qtctl.plan.outcome import DeployOutcome, DeployStatus
from qtctl.plan.restore_aim import aim_at_found
from qtctl.remote.scripts import read_script
from tests.builders.planned import UNITS
from tests.flows.ground import MARK, NAME, THREE, Ground, fleet, said

pytestmark = pytest.mark.lab

OLD = fleet(THREE)
NEW = fleet({**THREE, "a": "/usr/bin/sleep 4711"}, descriptions={"b": "new"}, env=b"A=2\n")
RUNS = "systemctl is-active quantum-a quantum-b quantum-c"
CURRENT = "basename $(readlink /var/lib/qtctl/current)"


def back(ground: Ground, to: int | None = None, *, take_over: bool = False) -> DeployOutcome:
    earlier = fetch_earlier(ground.connect, OLD, to)
    return deploy(
        ground.connect,
        earlier.desired,
        SystemClock(),
        choices=Choices(take_over, prune=True),
        confirm=lambda _: True,
        progress=lambda _: None,
        deadline_s=20,
        steady_s=1,
    )


def test_the_generation_before_comes_back_with_its_files_units_and_states(ground: Ground) -> None:
    before = ground.contents()
    assert ground.deploy(NEW).status is DeployStatus.DEPLOYED
    assert ground.contents() != before
    assert back(ground).status is DeployStatus.DEPLOYED
    assert ground.contents() == before
    assert ground.run(RUNS).split() == ["active", "active", "active"]
    newest, *_ = read_generations(ground.connect)
    assert (newest.current, newest.outcome) == (True, "confirmed")


def test_any_kept_generation_can_be_gone_back_to_by_its_number(ground: Ground) -> None:
    wanted = int(ground.run(CURRENT))
    before = ground.contents()
    for number in range(2):
        assert ground.deploy(fleet(THREE, env=f"A=x{number}\n".encode())).status is DeployStatus.DEPLOYED
    assert back(ground, wanted).status is DeployStatus.DEPLOYED
    assert ground.contents() == before


def bring_back_found(ground: Ground) -> DeployOutcome:
    found = fetch_found(ground.connect, OLD)
    return restore(
        ground.connect,
        OLD,
        SystemClock(),
        aim_at_found(found.backup, OLD),
        confirm=lambda _: True,
        progress=lambda _: None,
        deadline_s=20,
        steady_s=1,
        about={"fleet": OLD.fleet, "host": OLD.host},
    )


BY_HAND = f"""
systemctl disable --now quantum-b; systemctl mask quantum-b 2>/dev/null
mkdir -p {UNITS}/quantum-a.service.d; printf '[Service]\\nNice=1\\n' >{UNITS}/quantum-a.service.d/by-hand.conf
printf '{MARK.strip()}\\nA=of before\\n' >/etc/quantum/c.env
systemctl daemon-reload; systemctl restart quantum-a quantum-c
rm -rf /var/lib/qtctl; mkdir -m 0700 /var/lib/qtctl
"""
"""A host that was deployed by a version without generations, and changed by hand since."""


def test_what_was_there_before_the_first_deploy_is_generation_0(ground: Ground) -> None:
    ground.run(f"rm {UNITS}/quantum-b.service; {BY_HAND}")
    before = ground.contents()
    done = ground.deploy(NEW, take_over=True)
    assert (done.status, done.generation, done.warnings) == (DeployStatus.DEPLOYED, 1, ())
    assert ground.contents() != before
    assert [(each.number, each.outcome) for each in read_generations(ground.connect)] == [
        (1, "confirmed"),
        (0, "found"),
    ]
    with pytest.raises(DeployRefused, match="before the current generation qtctl had not deployed") as refused:
        fetch_earlier(ground.connect, OLD, None)
    assert "--to 0` brings back what was there" in (refused.value.hint or "")
    assert ground.run("stat -c %a /var/lib/qtctl").strip() == "711", "an auditor can see the status"
    back_again = bring_back_found(ground)
    assert back_again.status is DeployStatus.DEPLOYED, said(back_again)
    assert ground.contents() == before
    assert ground.run(f"{RUNS} || true").split() == ["active", "inactive", "active"]
    newest, *_ = read_generations(ground.connect)
    with pytest.raises(DeployRefused, match="is what was there before the first deploy"):
        fetch_earlier(ground.connect, OLD, newest.number)
    refused_again = back(ground)
    assert [(each.subject, each.reason, each.hint.split()[0]) for each in refused_again.plan.refusals] == [
        (f"{UNITS}/quantum-b.service", "there is a mask (a link to /dev/null)", "--take-over")
    ]
    forth = back(ground, take_over=True)
    assert (forth.status, ground.run(RUNS).split()) == (DeployStatus.DEPLOYED, ["active"] * 3), said(forth)


def test_a_damaged_generation_0_is_refused_and_an_audit_sees_it(ground: Ground) -> None:
    ground.run("cp -a /var/lib/qtctl /root/kept; rm -rf /var/lib/qtctl")
    look = "\n".join((f"base={BASE}", *map(read_script, ("damaged.sh", "deploys.sh")), "list_kept_generations"))
    try:
        assert ground.deploy(OLD).as_declared
        assert ground.run(look).splitlines() == ["G 0", "G 1"]
        archive = ground.run(f"cut -f 1 {BASE}/gen/0/files").strip()
        ground.run(f"echo x >>{archive}")
        assert ground.run(look).splitlines() == ["G 0", f"D 0 {archive}", "G 1"]
        with pytest.raises(DeployRefused, match="generation 0 is damaged: it is not what was found"):
            fetch_found(ground.connect, OLD)
    finally:
        ground.run("rm -rf /var/lib/qtctl; mv /root/kept /var/lib/qtctl")


@pytest.mark.parametrize("number", [4711, None], ids=["unknown", "taken back"])
def test_only_what_was_confirmed_can_be_gone_back_to(ground: Ground, number: int | None) -> None:
    if number is None:
        assert ground.deploy(fleet({**THREE, "a": "/nonexistent"})).status is DeployStatus.RESTORED
        number = max(each.number for each in read_generations(ground.connect))
    why = "is not on the host" if number == 4711 else "was never confirmed"
    with pytest.raises(DeployRefused, match=f"nothing was changed: generation {number} {why}"):
        fetch_earlier(ground.connect, OLD, number)
    with pytest.raises(UnusableGeneration, match=f"^h1: generation {number} {why}"):
        read_earlier(ground.connect, OLD, number)


DAMAGE = {
    "a content that changed": ("echo x >> $object", r"the content of /\S+ is not what was deployed"),
    "a content that is missing": ("mv $object /root/object", r"the content of /\S+ is missing"),
    "no declaration": ("rm $home/desired.json.gz", "an older qtctl made it"),
    "a declaration that is cut off": ("truncate -s 100 $home/desired.json.gz", "what it declares cannot be read"),
    "a declaration of another shape": ("echo '{}' | gzip > $home/desired.json.gz", "what it declares cannot be read"),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_a_damaged_generation_is_refused_and_nothing_is_touched(ground: Ground, case: str) -> None:
    inflict, why = DAMAGE[case]
    number = int(ground.run(CURRENT))
    home = f"/var/lib/qtctl/gen/{number}"
    names = f"home={home}; object=/var/lib/qtctl/objects/$(cut -f 2 {home}/files | sort | head -n 1); "
    ground.run(f"cp -a /var/lib/qtctl /root/kept; {names} {inflict}")
    try:
        before = ground.files()
        with pytest.raises(DeployRefused, match=f"nothing was changed: generation {number} is damaged: .*{why}"):
            fetch_earlier(ground.connect, OLD, number)
        assert ground.files() == before
    finally:
        ground.run("rm -rf /var/lib/qtctl; mv /root/kept /var/lib/qtctl")


def test_a_host_cannot_make_the_caller_read_without_end(ground: Ground) -> None:
    number = int(ground.run(CURRENT))
    bomb = gzip.compress(b"[" * (300 << 20), compresslevel=1)
    home = f"/var/lib/qtctl/gen/{number}"
    ground.run("cp -a /var/lib/qtctl /root/kept")
    try:
        lab.execute(NAME, ["sh", "-c", f"cat > {home}/desired.json.gz"], stdin=bomb)
        with pytest.raises(DeployRefused, match="what it declares cannot be read"):
            fetch_earlier(ground.connect, OLD, number)
    finally:
        ground.run("rm -rf /var/lib/qtctl; mv /root/kept /var/lib/qtctl")


def test_ten_generations_and_their_contents_are_kept_and_no_more(ground: Ground) -> None:
    for number in range(12):
        ground.run(f"cp -a /var/lib/qtctl/gen/$({CURRENT}) /var/lib/qtctl/gen/{900 + number}")
    try:
        assert ground.deploy(fleet(THREE, env=b"A=kept\n")).status is DeployStatus.DEPLOYED
        fleets = [each.note("fleet") for each in read_generations(ground.connect) if each.outcome == "confirmed"]
        # Of another fleet, which some tests deploy, the newest one is kept, too.
        assert len(fleets[:10]) == 10
        assert not set(fleets[:10]) & set(fleets[10:])
        referred = "cut -f 2 /var/lib/qtctl/gen/*/files | sort -u"
        assert ground.run(referred) == ground.run("ls /var/lib/qtctl/objects")
    finally:
        ground.run("rm -rf /var/lib/qtctl/gen/9??")
