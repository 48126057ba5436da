# shellcheck shell=sh disable=SC2015
# Root writes only below paths that nobody but root can change: the same rule as in qtctl/meaning/access.py.

# is_trusted FOLDER: follow the path to a folder as the kernel does, links included. False, with the reason in `why`, if
# anyone but root can change a part of it. A missing part is no failure: root then makes it in a folder that passed.
# Access control lists show in the group bits of the mode.
is_trusted() {
  here='' rest=/$1 links=0 shared='' why=''
  at=/
  while :; do
    case "$good" in
      *"
$at
"*) here=${at%/} shared='' ;;
      *) judge_part "$at" || return ;;
    esac
    [ "$absent" = no ] || break
    take_part || break
  done
  absent=no
  [ -z "$shared" ] || { why=$shared && return 1; }
}
good='
' absent=no

# take_part: set `at` to the next part of the path; false at the end.
take_part() {
  while [ -n "$rest" ]; do
    part=${rest%%/*}
    case "$rest" in */*) rest=${rest#*/} ;; *) rest='' ;; esac
    case "$part" in
      '' | .) ;;
      ..) here=${here%/*} at=${here:-/} && return ;;
      *) at=$here/$part && return ;;
    esac
  done
  return 1
}

# judge_part PATH: judge one part of the path.
judge_part() {
  found=$(LC_ALL=C stat -c '%u %g %f %U:%G' -- "$1" 2>&1) || {
    case "$found" in *': No such file or directory') absent=yes && return ;; esac
    why=$found && return 1
  }
  uid=${found%% *} found=${found#* }
  gid=${found%% *} found=${found#* }
  raw=$((0x${found%% *})) found=${found#* }
  user=${found%:*} group=${found##*:}
  [ "$user" != UNKNOWN ] || user=$uid
  [ "$group" != UNKNOWN ] || group=$gid
  # In a sticky folder that everyone can write, only root can rename or remove what root owns.
  [ -z "$shared" ] || [ "$uid" = 0 ] || { why=$shared && return 1; }
  shared=''
  case $((raw & 0xf000)) in
    $((0xa000))) follow "$1" ;;
    $((0x4000))) judge_folder "$1" ;;
    *) why="$1 is not a folder" && return 1 ;;
  esac
}

# follow LINK: the owner of a link cannot change it in a folder that they cannot write.
follow() {
  links=$((links + 1))
  target=$(readlink -- "$1") && [ -n "$target" ] && [ "$links" -le 40 ] || { why="$1 leads nowhere" && return 1; }
  rest=$target/$rest
  case "$target" in /*) here='' ;; esac
}

judge_folder() {
  here=${1%/}
  if [ "$uid" != 0 ]; then
    why="$1 can be changed by user $user (its owner)" && return 1
  elif [ $((raw & 0x12)) = 0 ]; then
    good="$good$1
"
    return
  elif [ $((raw & 0x2)) != 0 ]; then
    why="$1 can be changed by every user"
  else
    why="$1 can be changed by group $group"
  fi
  why="$why (mode $(printf %04o $((raw & 0xfff))))"
  [ $((raw & 0x200)) != 0 ] || return 1
  shared=$why why=''
}
