# shellcheck shell=sh disable=SC2086,SC2154
# The account that asks, and everything on the paths to its home, its shell and the files that they read.
#
# Given: walk (auditor.awk), rounds (how often the targets of links are looked up).

# find_auditor PATH...: of each, absolute or below the home. Lines: the account, then all that find said, a newline in a
# path as \1.
find_auditor() {
  me=$(getent passwd "$(id -u)") || exit
  printf '%s\n' "$me"
  rest=${me#*:*:*:*:*:}
  home=${rest%%:*} rest=${rest#*:}
  for each; do
    shift
    case "$each" in /*) set -- "$@" "$each" ;; *) set -- "$@" "$home/$each" ;; esac
  done
  set -f
  IFS='
'
  seen='' asked='' round=0
  while todo=$(printf '%s\n' "$seen" "$asked" | awk "$walk" "$home" "${rest%%:*}" "$@"); [ "$todo" ]; do
    round=$((round + 1))
    [ "$round" -le "$rounds" ] || { echo more && break; }
    asked="$asked$IFS$todo"
    seen="$seen$IFS$(find $todo -maxdepth 0 -printf '%y %U %G %m %p//%l\0u %U %u\0g %G %g\0' |
      tr '\n\0' '\1\n')"
  done
  printf '%s\n' "$seen"
}
