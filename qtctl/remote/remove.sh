# shellcheck shell=sh disable=SC2154,SC2015
# Removes files as root that nothing declares any more, each kept before it goes.
#
# Given: what install.sh is given, and its functions.

# leave NUMBER FILE SEEN
leave() {
  same "$1" "$2" "$3"
  mkdir -p -- "$kept${2%/*}" && cp -a -- "$2" "$kept$2" || stop "$1" "$2 could not be kept"
}

# remove NUMBER FILE SEEN: and the folder of drop-ins that it leaves empty.
remove() {
  same "$1" "$2" "$3"
  [ "$begun" = yes ] || say begun
  begun=yes
  rm -f -- "$2" || stop "$1" "$2 could not be removed"
  case "${2%/*}" in *.d) rmdir --ignore-fail-on-non-empty -- "${2%/*}" ;; esac
  say installed "$1"
}
