# shellcheck shell=sh disable=SC2154
# The current content of unit files, as root.
#
# Given: most (KiB that are read of each file).

# read_current PATH...: for each file that can be read a line: its number from 0, and its content in base64. If a file
# was replaced by a link or a pipe since it was looked at, the link is not followed and the pipe not waited for.
read_current() {
  number=0
  for each; do
    read_content "$each" && printf '%s %s\n' "$number" "$text"
    number=$((number + 1))
  done
  exit 0
}
read_content() {
  [ ! -L "$1" ] && [ -f "$1" ] || return
  text=$(
    dd if="$1" iflag=nofollow,nonblock,fullblock,count_bytes count="${most}K" bs=64K status=none | base64 -w0
  )
}
