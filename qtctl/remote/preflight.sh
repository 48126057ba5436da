# shellcheck shell=sh disable=SC2016
# What a deploy checks as root before it changes anything. The first letter of each line says what it is.

# check_writable PATH...: `W yes|no mount|- AT TAB PATH`. test -w asks the kernel, which also says no for an immutable
# file on a writable file system; no file is touched.
check_writable() {
  for each; do
    at=$each
    while [ ! -e "$at" ] && [ ! -L "$at" ] && [ "$at" != / ]; do
      at=${at%/*}
      at=${at:-/}
    done
    can=no on=-
    { [ -w "$at" ] || { [ -L "$at" ] && [ -w "${at%/*}/" ]; }; } && [ -w "${each%/*}/" ] && can=yes
    [ -e "${each%/*}/" ] || { [ -w "$at" ] && can=yes; }
    while read -r _ _ _ _ point _; do
      [ "$point" != "$each" ] || on=mount
    done </proc/self/mountinfo
    printf 'W %s %s %s\t%s\n' "$can" "$on" "$at" "$each"
  done
}

# find_keys [FILE NAMES]...: NAMES between spaces. `F FILE`, then `K NAME` or, if it is empty, `E NAME` for each line
# that sets one of them. Other names are not printed: they may be part of a value of several lines.
find_keys() {
  while [ $# -ge 2 ]; do
    if [ -f "$1" ]; then
      printf 'F %s\n' "$1"
      names=$2 awk "$setting" <"$1"
    fi
    shift 2
  done
}
setting='
  BEGIN { names = ENVIRON["names"] }
  match($0, /^[ \t\r\f\v]*[A-Za-z_][A-Za-z0-9_]*=/) {
    name = substr($0, 1, RLENGTH - 1)
    sub(/^[ \t\r\f\v]+/, "", name)
    if (!index(names, " " name " ")) next
    rest = substr($0, RLENGTH + 1)
    print (rest ~ /^(""|\047\047)?[ \t\r\f\v]*$/ ? "E " : "K ") name
  }
'

# list_jobs: systemd's state as `S STATE`, then `J UNIT TYPE STATE` for each job.
list_jobs() {
  printf 'S %s\n' "$(systemctl is-system-running)"
  systemctl list-jobs --no-legend --plain | while read -r _ unit type state; do
    printf 'J %s %s %s\n' "$unit" "$type" "$state"
  done
}
