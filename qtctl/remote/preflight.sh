# shellcheck shell=sh
# What a deploy asks for, as root, before it changes anything. Lines that begin with what they say.

# writable PATH...: `W yes|no mount|- AT TAB PATH`. test -w asks the kernel, for which an immutable file of a file system
# that can be written cannot be written either; no file is touched.
writable() {
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

# keys FILE...: `F FILE`, then `K NAME` or `E NAME` (set to nothing) for each line that sets one.
keys() {
  for each; do
    [ -f "$each" ] || continue
    printf 'F %s\n' "$each"
    sed -n -e 's/^[[:space:]]*\([A-Za-z_][A-Za-z0-9_]*\)=[[:space:]]*$/E \1/p' -e t \
      -e "s/^[[:space:]]*\\([A-Za-z_][A-Za-z0-9_]*\\)=\\(\"\"\\|''\\)[[:space:]]*\$/E \\1/p" -e t \
      -e 's/^[[:space:]]*\([A-Za-z_][A-Za-z0-9_]*\)=.*/K \1/p' -- "$each"
  done
}

# jobs: `S STATE`, then `J UNIT TYPE STATE` for each.
jobs_of_systemd() {
  printf 'S %s\n' "$(systemctl is-system-running)"
  systemctl list-jobs --no-legend --plain | while read -r _ unit type state; do
    printf 'J %s %s %s\n' "$unit" "$type" "$state"
  done
}
