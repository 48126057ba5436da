"""Backups of a real host: what an operator did is copied, and a restore brings all of it back and nothing else.

QTCTL_BACKUPS=all runs all of them; the normal run has the round trip, and two attacks.
"""

import os
from dataclasses import replace

import pytest

from qtctl.adapters.clock import SystemClock
from qtctl.apply.backup_archive import pack, unpack
from qtctl.errors import DeployRefused
from qtctl.flows.backup import plan_restore, restore, take
from qtctl.flows.rollback import fetch_earlier
from qtctl.model.backup import Backup, Entry, EntryKind
from qtctl.model.desired import Desired
from qtctl.model.plan import Plan
from qtctl.plan.outcome import DeployOutcome, DeployStatus
from qtctl.plan.restore_aim import aim_at_backup
from tests.flows.ground import THREE, Ground, fleet

pytestmark = pytest.mark.lab
on_demand = pytest.mark.skipif(
    os.environ.get("QTCTL_BACKUPS") != "all", reason="QTCTL_BACKUPS=all: half a minute of restores that are refused"
)

OLD = replace(fleet(THREE), env_dir="/etc/quantum", unit_patterns=("quantum-*",))
ABOUT = {"target": "qtdeploy1", "by": "ops@here", "version": "1"}
LISTED = (
    "cd /; find etc/systemd/system etc/systemd/system.control etc/quantum var/lib/systemd/timers "
    "\\( -name '*quantum*' -o -path '*quantum*' \\) -printf '%p %y %m %u:%g %l\\n' 2>/dev/null | sort; "
    "find etc/systemd/system etc/systemd/system.control etc/quantum -path '*quantum*' -type f "
    "-exec sha256sum {} + 2>/dev/null | sort -k 2; "
    "find var/lib/systemd/timers -name '*quantum*' -printf '%p %T@\\n' | sort"
)
STATES = "systemctl is-active quantum-a quantum-b quantum-c quantum-own quantum-tick.timer || :"
OPERATORS = """
cd /etc/systemd/system
mkdir -m 0750 quantum-a.service.d
printf '[Service]\\nNice=5\\n' > quantum-a.service.d/50-hand.conf; chmod 0640 quantum-a.service.d/50-hand.conf
printf '[Service]\\nExecStart=/usr/bin/sleep inf\\n' > quantum-own.service
printf '[Install]\\nWantedBy=multi-user.target\\nAlias=quantum-also.service\\n' >> quantum-own.service
chgrp adm quantum-own.service
printf '[Timer]\\nOnCalendar=2099-01-01\\nPersistent=true\\n[Install]\\nWantedBy=timers.target\\n' > quantum-tick.timer
printf '[Service]\\nType=oneshot\\nExecStart=/bin/true\\n' > quantum-tick.service
ln -s /dev/null quantum-masked.service
printf 'TOKEN=s3cr3t-canary\\n' > /etc/quantum/hand.env; chmod 0600 /etc/quantum/hand.env
systemctl daemon-reload
systemctl enable --now -q quantum-own.service quantum-tick.timer
systemctl disable --now -q quantum-c.service
touch -d '2026-01-02 03:04:05.678' /var/lib/systemd/timers/stamp-quantum-tick.timer
systemctl restart quantum-a
"""
OTHERWISE = """
cd /etc/systemd/system
systemctl disable --now -q quantum-own.service quantum-tick.timer
rm -rf quantum-a.service.d quantum-masked.service quantum-own.service
rm /var/lib/systemd/timers/stamp-quantum-tick.timer
printf '[Service]\\nExecStart=/usr/bin/sleep inf\\n' > quantum-masked.service
chmod 0600 quantum-b.service
sed -i 's/sleep inf/sleep 4711/' quantum-b.service
mkdir quantum-b.service.d; printf '[Service]\\nNice=3\\n' > quantum-b.service.d/new.conf
ln -s /dev/null quantum-new.service
printf '[Service]\\nExecStart=/usr/bin/sleep 99\\n' > quantum-extra.service
touch /var/lib/systemd/timers/stamp-quantum-extra.timer
systemctl daemon-reload
systemctl enable -q quantum-c.service
systemctl start quantum-c quantum-extra
"""
CLEAN = """
cd /etc/systemd/system
systemctl disable --now -q quantum-own.service quantum-tick.timer 2>/dev/null || :
systemctl stop quantum-extra.service 2>/dev/null || :
rm -rf quantum-own.service quantum-also.service quantum-tick.* quantum-masked.service quantum-new.service \
  quantum-extra.service quantum-*.service.d /etc/quantum/hand.env /var/lib/systemd/timers/stamp-quantum-*
systemctl daemon-reload
"""


def copy(ground: Ground, desired: Desired = OLD) -> Backup:
    with ground.connect() as host:
        return unpack(pack(take(host, desired, SystemClock(), ABOUT)), "b")


def bring_back(ground: Ground, backup: Backup, desired: Desired = OLD) -> DeployOutcome:
    return restore(
        ground.connect, desired, SystemClock(), aim_at_backup(backup, desired),
        confirm=lambda _: True, progress=lambda _: None, deadline_s=20, steady_s=1, about=ABOUT,
    )  # fmt: skip


def planned(ground: Ground, backup: Backup, desired: Desired = OLD) -> Plan:
    with ground.connect() as host:
        return plan_restore(host, desired, SystemClock(), aim_at_backup(backup, desired), ABOUT).plan


def test_everything_that_an_operator_did_comes_back_and_nothing_else_stays(ground: Ground) -> None:
    try:
        ground.run(OPERATORS)
        before, states = ground.run(LISTED), ground.run(STATES)
        backup = copy(ground)
        assert b"s3cr3t-canary" not in pack(backup)
        ground.run(OTHERWISE)
        assert ground.run(LISTED) != before
        changed = ground.files()
        plan = planned(ground, backup)
        assert plan.steps
        assert ground.files() == changed
        outcome = bring_back(ground, backup)
        assert outcome.status is DeployStatus.DEPLOYED, outcome
        assert ground.run(LISTED) == before
        assert ground.run(STATES) == states
        assert "Nice=3" in ground.run("cat $(find /var/lib/qtctl/replaced -name new.conf)")
        with pytest.raises(DeployRefused, match="is a restored backup of"):
            fetch_earlier(ground.connect, OLD, int(ground.run("basename $(readlink /var/lib/qtctl/current)")))
        assert not planned(ground, backup).steps
        assert bring_back(ground, backup).status is DeployStatus.UNCHANGED
        assert "4711" not in ground.run(
            "systemctl show -P ExecStart quantum-b; systemctl show -p NeedDaemonReload quantum-b"
        )
        assert not ground.run("systemctl list-units --failed --plain --no-legend 'quantum*'")
    finally:
        ground.run(CLEAN)


@on_demand
def test_a_restore_that_does_not_come_up_goes_back_to_what_was_there(ground: Ground) -> None:
    try:
        ground.run(OPERATORS)
        ground.run("cp /usr/bin/sleep /usr/local/bin/gone; cd /etc/systemd/system; "
                   "sed -i s,/usr/bin/sleep,/usr/local/bin/gone, quantum-own.service; "
                   "systemctl daemon-reload; systemctl restart quantum-own")  # fmt: skip
        backup = copy(ground)
        ground.run(f"rm /usr/local/bin/gone; {OTHERWISE}")
        before, states, files = ground.run(LISTED), ground.run(STATES), _theirs(ground)
        outcome = bring_back(ground, backup)
        assert outcome.status is DeployStatus.RESTORED, outcome
        ground.settle()
        assert ground.run(LISTED) == before
        assert ground.run(STATES).replace("failed", "inactive") == states
        assert _theirs(ground) == files
    finally:
        ground.run(CLEAN)


def _theirs(ground: Ground) -> list[str]:
    """All but the unit that ends a deploy at boot: each generation writes it with the folders of its own links."""
    return [line for line in ground.files().splitlines() if "/qtctl-restore.service " not in line]


@on_demand
def test_secrets_are_noted_and_never_copied_replaced_or_removed(ground: Ground) -> None:
    try:
        backup = copy(ground)
        ground.run("printf 'TOKEN=new-canary\\n' > /etc/quantum/late.env; chmod 0600 /etc/quantum/late.env; "
                   "printf 'A=edited-canary\\n' > /etc/quantum/a.env")  # fmt: skip
        refused = bring_back(ground, backup)
        assert refused.status is DeployStatus.REFUSED
        assert [each.subject for each in refused.plan.refusals] == ["/etc/quantum/a.env"]
        assert b"canary" not in pack(copy(ground))
        ground.run("rm /etc/quantum/a.env")
        assert bring_back(ground, backup).status is DeployStatus.DEPLOYED
        assert ground.run("tail -n 1 /etc/quantum/a.env; cat /etc/quantum/late.env") == "A=1\nTOKEN=new-canary\n"
        assert not ground.run("grep -rl canary /var/lib/qtctl || :")
    finally:
        ground.run("rm -f /etc/quantum/late.env")


REFUSED = {
    "another machine": ("true", "another machine"),
    "a pipe": ("mkfifo /etc/systemd/system/quantum-pipe.service", "neither a file, a link nor a folder"),
    "a file that is too large": (
        "yes '# text' | head -c 2000000 > /etc/systemd/system/quantum-big.service",
        "larger than 1 MiB",
    ),
    "a file where a folder was": ("touch /etc/systemd/system/quantum-b.service.d", "where a folder was"),
}


@on_demand
@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_put_back_is_refused_and_nothing_is_touched(ground: Ground, case: str) -> None:
    inflict, why = REFUSED[case]
    places = "cd /etc/systemd/system; rm -rf quantum-pipe.service quantum-big.service quantum-b.service.d"
    try:
        ground.run("mkdir /etc/systemd/system/quantum-b.service.d")
        backup = copy(ground)
        if case == "another machine":
            backup = Backup(replace(backup.manifest, machine="0" * 32), backup.contents)
        ground.run(f"rmdir /etc/systemd/system/quantum-b.service.d; {inflict}")
        before = ground.files()
        outcome = bring_back(ground, backup)
        assert outcome.status is DeployStatus.REFUSED
        assert why in outcome.plan.refusals[0].reason
        assert ground.files() == before
    finally:
        ground.run(places)


def test_a_link_never_takes_the_name_of_somebody_elses_unit(ground: Ground) -> None:
    backup = copy(ground)
    link = Entry("/etc/systemd/system/ssh.service", EntryKind.LINK, "", "root", "root", target="quantum-a.service")
    other = Backup(replace(backup.manifest, entries=(*backup.manifest.entries, link)), backup.contents)
    outcome = bring_back(ground, other)
    assert outcome.status is DeployStatus.REFUSED
    assert outcome.plan.refusals[0].reason == "there is another unit of this name now"


def test_a_folder_that_others_may_change_is_no_place_for_root_to_write(ground: Ground) -> None:
    try:
        ground.run(
            "mkdir /etc/systemd/system/quantum-a.service.d; touch /etc/systemd/system/quantum-a.service.d/x.conf"
        )
        backup = copy(ground)
        ground.run("cd /etc/systemd/system/quantum-a.service.d; rm x.conf; chown ops .")
        outcome = bring_back(ground, backup)
        assert outcome.status is DeployStatus.REFUSED
        assert outcome.reason is not None
        assert "can be changed by user ops" in outcome.reason.what
    finally:
        ground.run("rm -r /etc/systemd/system/quantum-a.service.d")
