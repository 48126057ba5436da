# A host with templates of every kind that can be one, and instances that are enabled, only started, or linked by hand.
set -e
unit() { cat >"/etc/systemd/system/$1"; }
unit zt-job@.service <<S
[Unit]
Description=job of %i
[Service]
Type=oneshot
ExecStart=/bin/true
S
unit zt-job@.timer <<S
[Unit]
Description=%i job
[Timer]
OnCalendar=%i
RandomizedDelaySec=5
[Install]
WantedBy=timers.target
S
unit zt-beat@.timer <<S
[Timer]
OnUnitActiveSec=1h
OnBootSec=1h
Unit=zt-job@beat-%i.service
S
unit zt-in@.socket <<S
[Unit]
Description=in %i
[Socket]
ListenStream=127.0.0.1:1971%i
ListenStream=/run/zt-in-%i.sock
Accept=yes
[Install]
WantedBy=sockets.target
S
unit zt-in@.service <<S
[Service]
ExecStart=-/bin/cat
StandardInput=socket
S
unit zt-keep@.socket <<S
[Socket]
ListenStream=127.0.0.1:1972%i
[Install]
WantedBy=sockets.target
S
unit zt-keep@.service <<S
[Service]
ExecStart=/bin/sleep infinity
S
unit zt-see@.path <<S
[Path]
PathExists=/run/zt-see-%i
Unit=zt-job@%i.service
[Install]
WantedBy=multi-user.target
S
unit zt-all@.target <<S
[Unit]
Description=all of %i
[Install]
WantedBy=multi-user.target
S
unit zt-none@.timer <<S
[Timer]
OnCalendar=%i
S
systemctl daemon-reload
systemctl -q enable --now zt-job@hourly.timer zt-job@Mon.timer zt-in@1.socket zt-keep@1.socket zt-see@a.path zt-all@x.target
systemctl -q enable zt-job@weekly.timer zt-in@2.socket
systemctl start zt-job@daily.timer zt-beat@b.timer zt-keep@2.socket
mkdir -p /etc/systemd/system/timers.target.wants
ln -s ../zt-beat@.timer /etc/systemd/system/timers.target.wants/zt-beat@c.timer
systemctl daemon-reload
systemctl start zt-beat@c.timer
