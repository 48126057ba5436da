# shellcheck shell=sh disable=SC2034
# The host itself: names, versions, and how loaded it is. Lines KEY=VALUE, and what systemctl says of its version.
show_host() {
  say hostname /proc/sys/kernel/hostname
  say kernel /proc/sys/kernel/osrelease
  say uptime /proc/uptime
  say load /proc/loadavg
  say boot_id /proc/sys/kernel/random/boot_id
  [ ! -r /etc/machine-id ] || say machine /etc/machine-id
  say cpus /sys/devices/system/cpu/online
  [ ! -r /etc/timezone ] || say zone /etc/timezone
  [ -e /etc/localtime ] || echo link=zoneinfo/UTC
  printf 'link=%s\n' "$(exec readlink /etc/localtime)"
  while IFS= read -r line; do case $line in PRETTY_NAME=*) printf '%s\n' "$line" ;; esac done </etc/os-release
  while read -r key size unit; do case $key in MemTotal: | MemAvailable:) echo "$key=$size" ;; esac done </proc/meminfo
  printf 'disk='
  df -B1 --output=size,avail / | tail -n 1
  systemctl --version
}
say() { IFS= read -r line <"$2" && printf '%s=%s\n' "$1" "$line"; }
