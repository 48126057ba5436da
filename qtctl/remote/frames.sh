# shellcheck shell=sh disable=SC2034,SC2154
# Ends each answer, on both output streams, with the marker, the name of the frame, the exit status and the uptime.
# /proc/uptime is the clock: reading it starts no process, and it counts in steps of 10 ms.
#
# Given: qtctl_marker.
export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
qtctl_frame() {
  qtctl_rc=$?
  read -r qtctl_up qtctl_rest </proc/uptime
  printf '\n%s %s %s %s\n' "$qtctl_marker" "$1" "$qtctl_rc" "$qtctl_up"
  printf '\n%s %s %s %s\n' "$qtctl_marker" "$1" "$qtctl_rc" "$qtctl_up" >&2
}
# Scripts send unwanted output to /dev/null and read empty input from it. A regular file would do neither.
if [ ! -c /dev/null ] || [ ! -r /dev/null ] || [ ! -w /dev/null ]; then
  echo "/dev/null is not the device, or not open to everyone" >&2
  exit 126
fi
# qtctl_need PROGRAM...: exit with 127 if one of them is missing, and say which. This starts no process.
qtctl_need() {
  for qtctl_each; do
    command -v "$qtctl_each" >/dev/null || { echo "qtctl: no $qtctl_each" >&2 && exit 127; }
  done
}
# qtctl_timed SECONDS PROGRAM...: kill the program after that time, if the host has timeout.
qtctl_timed() {
  qtctl_most=$1
  shift
  if command -v timeout >/dev/null; then exec timeout -k 1 "$qtctl_most" "$@"; else exec "$@"; fi
}
qtctl_frame begin
