# shellcheck shell=sh
# Which unit files systemd knows on the host.

# list_unit_files: a line `F NAME STATE` for each; `V` if systemd does not say. `E` ends the list.
list_unit_files() {
  if said=$(qtctl_timed 10 systemctl list-unit-files --no-legend --no-pager --full 2>/dev/null); then
    printf '%s\n' "$said" | awk 'NF > 1 { print "F " $1 " " $2 }' | head -c 400000
  else
    echo V
  fi
  echo E
}
