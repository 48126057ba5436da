# shellcheck shell=sh disable=SC2034,SC2154
# Ends an answer on both output streams: marker, name of the frame, exit status, and the clock, /proc/uptime: no process
# is started for it, steps of 10 ms.
#
# Given: qtctl_marker.
export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
qtctl_frame() {
  qtctl_rc=$?
  read -r qtctl_up qtctl_rest </proc/uptime
  printf '\n%s %s %s %s\n' "$qtctl_marker" "$1" "$qtctl_rc" "$qtctl_up"
  printf '\n%s %s %s %s\n' "$qtctl_marker" "$1" "$qtctl_rc" "$qtctl_up" >&2
}
qtctl_frame begin
