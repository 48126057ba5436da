# A host on which units have come to run in every way that systemd has. Run as root; `zq-` is the fleet.
set -e
unit() { mkdir -p "$(dirname "$1")"; cat >"$1"; }
service() { unit "$1" <<S
[Unit]
Description=$2
[Service]
ExecStart=/bin/sleep infinity
S
}
wanted() { service "$1" "$2"; printf '[Install]\nWantedBy=multi-user.target\n' >>"$1"; }
cd /etc/systemd/system

# Instances: enabled, only started, enabled by a link that no [Install] makes, linked by name, enabled and stopped, failed.
wanted zq-w@.service 'worker %i'
service zq-l@.service 'by link %i'
mkdir -p multi-user.target.wants
ln -s ../zq-l@.service multi-user.target.wants/zq-l@three.service
ln -s zq-l@.service zq-l@four.service
unit zq-f@.service <<S
[Service]
ExecStart=/bin/false
S

# Aliases: of [Install], by hand, a chain of links; one that others name.
unit zq-foo.service <<S
[Service]
ExecStart=/bin/sleep infinity
[Install]
Alias=zq-bar.service
S
service zq-hand.service 'an alias by hand'
ln -s zq-hand.service zq-also.service
ln -s zq-also.service zq-third.service
service zq-names.service 'names an alias'
sed -i '/Unit/aAfter=zq-bar.service\nWants=zq-w@needed.service' zq-names.service

# Linked: enabled, with an alias; started and not enabled; a drop-in and a folder of drop-ins that are links.
wanted /opt/zq/zq-linked.service 'linked'
echo Alias=zq-syslog.service >>/opt/zq/zq-linked.service
wanted /opt/zq/zq-loose.service 'linked, not enabled'
systemctl -q link /opt/zq/zq-linked.service /opt/zq/zq-loose.service
unit /opt/zq/more.conf <<S
[Service]
Environment=MORE=1
S
mkdir -p zq-hand.service.d
ln -s /opt/zq/more.conf zq-hand.service.d/more.conf
unit /opt/zq/folder.d/high.conf <<S
[Service]
MemoryHigh=80M
S
ln -s /opt/zq/folder.d zq-names.service.d
wanted /usr/local/lib/systemd/system/zq-local.service 'in /usr/local'

# Drop-ins: of people, of set-property, of generators, in /run.
wanted zq-drop.service 'has drop-ins'
echo Environment=A=1 >zq-drop.add; sed -i '/Service/r zq-drop.add' zq-drop.service; rm zq-drop.add
unit zq-drop.service.d/10-a.conf <<S
[Service]
ExecStartPre=/bin/true
S
unit /run/systemd/system/zq-drop.service.d/20-run.conf <<S
[Service]
Environment=B=2
S
unit /etc/systemd/system-generators/zq-generator <<'S'
#!/bin/sh
printf '[Unit]\nDescription=gen\n[Service]\nExecStart=/bin/sleep infinity\n' >"$1/zq-gen.service"
mkdir -p "$1/multi-user.target.wants" "$1/zq-foo.service.d"
ln -s ../zq-gen.service "$1/multi-user.target.wants/zq-gen.service"
printf '[Service]\nEnvironment=GEN=1\n' >"$1/zq-foo.service.d/30-gen.conf"
S
chmod +x /etc/systemd/system-generators/zq-generator
service /run/systemd/system/zq-run.service 'in /run'

# Enabled and not running: stopped, a oneshot of each boot. Another target than [Install] says. Enabled until the next boot.
wanted zq-off.service 'enabled and stopped'
unit zq-boot.service <<S
[Service]
Type=oneshot
ExecStart=/bin/true
[Install]
WantedBy=multi-user.target
S
unit zq-once.service <<S
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
[Install]
WantedBy=multi-user.target
S
wanted zq-moved.service 'enabled by a link to another target'
mkdir -p zq-core.target.wants
ln -s ../zq-moved.service zq-core.target.wants/zq-moved.service
printf '[Unit]\nDescription=core\n[Install]\nWantedBy=multi-user.target\n' | unit zq-core.target
printf '[Unit]\nDescription=idle\n' | unit zq-idle.target
wanted zq-soon.service 'enabled until the next boot'

# Started by others: a timer, a path, sockets.
unit zq-tick.service <<S
[Service]
Type=oneshot
ExecStart=/bin/true
S
printf '[Timer]\nOnCalendar=hourly\n[Install]\nWantedBy=timers.target\n' | unit zq-tick.timer
printf '[Timer]\nOnCalendar=daily\nUnit=zq-tick.service\n[Install]\nWantedBy=timers.target\n' | unit zq-rest.timer
printf '[Socket]\nListenStream=127.0.0.1:19701\nAccept=yes\n[Install]\nWantedBy=sockets.target\n' | unit zq-acc.socket
printf '[Service]\nExecStart=-/bin/cat\nStandardInput=socket\n' | unit zq-acc@.service
printf '[Slice]\nMemoryMax=500M\n' | unit zq-pool.slice
printf '[Mount]\nWhat=tmpfs\nWhere=/mnt/zq\nType=tmpfs\n[Install]\nWantedBy=multi-user.target\n' | unit mnt-zq.mount

systemctl daemon-reload
systemctl -q enable --now zq-w@one zq-foo zq-linked zq-local zq-drop zq-once zq-core.target zq-tick.timer zq-acc.socket \
  mnt-zq.mount 2>/dev/null
systemctl -q enable zq-w@off zq-off zq-boot
systemctl -q enable --runtime zq-soon
systemctl start zq-w@two zq-l@three zq-hand zq-names zq-loose zq-run zq-gen zq-soon zq-moved
systemctl start zq-f@bad; systemctl stop zq-w@needed
systemctl -q mask zq-masked.service 2>/dev/null
systemd-run -q --unit=zq-transient sleep infinity
systemctl set-property zq-drop.service MemoryMax=100M
systemctl set-property --runtime zq-drop.service CPUWeight=50
systemctl set-property zq-w@one.service MemoryMax=64M
systemctl set-property systemd-journald.service CPUWeight=77
