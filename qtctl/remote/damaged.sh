# shellcheck shell=sh disable=SC2154,SC2015
# What is wrong with the record of a transaction. The record is the one file in $base/tx: its name is the state, its
# content the number of the generation. Given: base.

# find_damage: set `damage` to what is wrong, or to ''. What is wrong is so at the second look, too: another process may
# have renamed the record during the first.
find_damage() {
  look_for_damage
  [ -z "$damage" ] || {
    first_damage=$damage
    look_for_damage
    [ "$damage" = "$first_damage" ] || find_damage
  }
}
look_for_damage() {
  damage='' only=''
  for each in "$base"/tx/*; do
    is_there "$each" || {
      [ "$each" != "$base/tx/*" ] || return 0
      # Another process has just renamed it.
      look_for_damage
      return
    }
    [ -z "$only" ] || damage="there are two records of a transaction, $only and $each"
    only=$each
    [ -z "$damage" ] || break
    case ${each##*/} in staged | armed | applying | gating | confirmed | restoring | broken) ;; *) damage="$each: unknown state" ;; esac
    [ ! -L "$each" ] && [ -f "$each" ] || {
      is_there "$each" || { look_for_damage; return; }
      damage="$each is not a regular file"
    }
    [ -n "$damage" ] || judge_number "$each" || { look_for_damage; return; }
  done
} 2>/dev/null

is_there() { [ -e "$1" ] || [ -L "$1" ]; }

# judge_number FILE: false if the file is gone because another process renamed it.
judge_number() {
  said_number=''
  IFS= read -r said_number <"$1" || [ -f "$1" ] || return 1
  case $said_number in
    '' | *[!0-9]* | ??????????*) damage="$1 does not name its generation" ;;
    *)
      [ -d "$base/gen/$said_number" ] || {
        is_there "$1" || return 1
        damage="$1 names generation $said_number, and $base/gen/$said_number is missing"
      }
      ;;
  esac
}
