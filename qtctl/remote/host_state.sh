# shellcheck shell=sh
# The host's clock, swap and pressure; accounts with the same uid; what was killed for lack of memory.

# Lines KEY=VALUE. The clock comes first: it is compared with the time of the question.
show_host_state() {
  echo "clock=$(exec date +%s.%N)"
  while read -r key size _; do case $key in SwapTotal: | SwapFree:) echo "$key=$size" ;; esac done </proc/meminfo
  for resource in cpu io memory; do
    [ ! -r "/proc/pressure/$resource" ] || show_pressure "$resource" 2>/dev/null
  done
  [ ! -r /run/systemd/container ] || { read -r in </run/systemd/container; echo "container=$in"; }
  [ ! -r /run/systemd/shutdown/scheduled ] || show_shutdown </run/systemd/shutdown/scheduled
}
show_shutdown() {
  while IFS='=' read -r key value; do case $key in USEC | MODE) echo "shutdown $key=$value" ;; esac done
}
show_pressure() { while read -r kind rest; do echo "pressure=$1 $kind $rest"; done <"/proc/pressure/$1"; }

# Lines UID NAME NAME…, for each uid with two names or more. Of a very large directory only the first accounts count.
list_shared_ids() {
  command -v getent >/dev/null || exit 127
  getent passwd | head -c 4000000 | cut -d: -f1,3 | sort -u |
    awk -F: '{ n[$2] = n[$2] " " $1; c[$2]++ } END { for (u in c) if (c[u] > 1) print u n[u] }' | sort -n | head -n 100
}

# Lines FILE:oom_kill COUNT, for each unit in which something was killed. Exit status 3: the host does not count.
list_oom_kills() {
  cd /sys/fs/cgroup || exit 3
  if [ -r system.slice/memory.events ]; then
    set -- '' events
  elif [ -r memory/system.slice/memory.oom_control ]; then
    set -- memory/ oom_control
  else
    exit 3
  fi
  grep -Hs '^oom_kill [1-9]' "/sys/fs/cgroup/$1"*.slice/*.service/memory."$2" \
    "/sys/fs/cgroup/$1"*.slice/*.slice/*.service/memory."$2" | head -n 1000
}

# Lines FILE:frozen 1, for each unit whose processes are frozen, whoever froze them. Exit status 3: the kernel cannot.
list_frozen_groups() {
  [ -r /sys/fs/cgroup/system.slice/cgroup.events ] || exit 3
  grep -Hs '^frozen 1' /sys/fs/cgroup/*.slice/*.service/cgroup.events \
    /sys/fs/cgroup/*.slice/*.slice/*.service/cgroup.events | head -n 1000
}

# list_boot_mounts: lines `B PATH`, as fstab has it, for each mount without which a boot ends in emergency mode and
# which is not mounted now. Exit status 3: there is no fstab. A container mounts no devices.
list_boot_mounts() {
  [ -r /etc/fstab ] || exit 3
  inside=''
  [ ! -e /run/systemd/container ] || inside=1
  inside=$inside awk 'BEGIN { inside = ENVIRON["inside"] }
    FNR == NR { mounted[$5] = 1; next }
    /^[[:space:]]*#/ || NF < 3 || $3 == "swap" || $2 !~ /^\// { next }
    ("," $4 ",") ~ /,(noauto|nofail|x-systemd\.automount),/ { next }
    inside && $1 ~ /^(\/dev\/|[A-Z]+=)/ { next }
    { path = $2; if (path != "/") sub(/\/+$/, "", path); if (!(path in mounted)) print "B " path }' \
    /proc/self/mountinfo /etc/fstab | head -n 100
}
