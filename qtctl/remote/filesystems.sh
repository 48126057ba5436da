# shellcheck shell=sh disable=SC2086
# The file systems that paths are on, or would be on if they existed, and the addresses of names.

# run_within SECONDS COMMAND...: a network file system or a name server may not answer.
run_within() {
  seconds=$1
  shift
  if command -v timeout >/dev/null; then timeout "$seconds" "$@"; else "$@"; fi
}

# show_filesystems PATH...: for each, in order, a line `at PATH`: the path that was looked at instead, '' if that cannot
# be known. Then for each of those `size PATH // SIZE TOTAL FREE AVAILABLE INODES FREE ID`, `mount PATH // WHERE` and,
# with links resolved, `real PATH`. Finally `ro WHERE` or `rw WHERE` for everything that is mounted.
show_filesystems() {
  for path; do
    shift
    find_nearest
    printf 'at %s\n' "$at"
    [ -z "$at" ] || set -- "$@" "$at"
  done
  [ $# -gt 0 ] || return 0
  run_within 3 stat -f -c 'size %n // %S %b %f %a %c %d %i' -- "$@"
  run_within 3 stat -c 'mount %n // %m' -- "$@"
  readlink -m -- "$@" | while IFS= read -r each; do printf 'real %s\n' "$each"; done
  list_mounts
}

# list_mounts: each mount point, ro or rw; of several mounts on one place, the top one comes last.
list_mounts() {
  while read -r _ _ _ _ mount options rest; do
    case ",$options,$rest," in *,ro,* | *' ro,'*) how=ro ;; *) how=rw ;; esac
    printf '%s %s\n' "$how" "$mount"
  done </proc/self/mountinfo | head -n 5000
}

# find_nearest: set `at` to the path or the nearest folder above it that can be seen; '' if there is a mount between
# them.
find_nearest() {
  at=$path
  while [ ! -e "$at" ] && [ "$at" != / ]; do
    at=${at%/*}
    at=${at:-/}
  done
  [ -x "$at" ] || [ ! -d "$at" ] || while read -r _ _ _ _ mount _; do
    case $path/ in "$mount"/*) case $mount in "$at"/?*) at='' && break ;; esac ;; esac
  done </proc/self/mountinfo
}

# resolve_names NAME...: for each a line `= STATUS NAME`, then its addresses, 64 at most. Status 124: no answer in time.
# After two of those the rest are not looked up.
resolve_names() {
  slow=0
  for name; do
    found='' status=124
    [ "$slow" -ge 2 ] || { found=$(qtctl_timed 2 getent ahosts "$name") && status=0 || status=$?; }
    [ "$status" -ne 124 ] || slow=$((slow + 1))
    printf '= %s %s\n%s\n' "$status" "$name" "$found"
  done | awk '$1 == "=" { split("", seen); count = 0; print; next }
    NF && !($1 in seen) && count++ < 64 { seen[$1] = 1; print $1 }'
}
