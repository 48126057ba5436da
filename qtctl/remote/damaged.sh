# shellcheck shell=sh disable=SC2154
# What is wrong with the record of a transaction: the one file in $base/tx, whose name is the state and whose content is the
# number of the generation. Given: base.

# find_damage: set `damage` to what is wrong, '' for nothing.
find_damage() {
  damage='' only=''
  for each in "$base"/tx/*; do
    [ -e "$each" ] || [ -L "$each" ] || {
      [ "$each" != "$base/tx/*" ] || return 0
      # Another process has renamed it: it has another name by now.
      find_damage
      return
    }
    [ -z "$only" ] || damage="there are two records of a transaction, $only and $each"
    only=$each
    [ -z "$damage" ] || break
    case ${each##*/} in staged | armed | applying | gating | confirmed | restoring | broken) ;; *) damage="$each: there is no such state" ;; esac
    [ ! -L "$each" ] && [ -f "$each" ] || damage="$each is not a regular file"
    [ -n "$damage" ] || judge_number "$each" || { find_damage && return; }
  done
} 2>/dev/null

# judge_number FILE: false where it is gone, because another process has renamed it.
judge_number() {
  said_number=''
  IFS= read -r said_number <"$1" || [ -f "$1" ] || return 1
  case $said_number in
    '' | *[!0-9]* | ??????????*) damage="$1 does not say which generation it is of" ;;
    *) [ -d "$base/gen/$said_number" ] || damage="$1 is of generation $said_number, and $base/gen/$said_number is gone" ;;
  esac
}
