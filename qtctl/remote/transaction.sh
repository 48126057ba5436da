# shellcheck shell=sh disable=SC2034,SC2154,SC2015,SC3013
# A deploy as a transaction of the host: its state, its lock, its lease and its journal.
#
# Given: damaged.sh, base (/var/lib/qtctl), store (/opt/qtctl/store), lease_s, limit (seconds for one command of
# systemd), most (largest file that is read, in bytes).
#
# The state of a transaction is the name of the one file in $base/tx, and the content of the file is the number of the
# generation. A rename moves it from one state to the next; of two processes that try, one wins.
umask 077
PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
export PATH LC_ALL
tab=$(printf '\t')
newline='
'

# read_transaction: set `state` and `number` of the current transaction, '' if there is none. If the state is `damaged`,
# `damage` says why.
read_transaction() {
  find_damage
  state=${only##*/} number=${said_number-}
  [ -n "$only" ] || number=''
  [ -z "$damage" ] || state=damaged number=''
}

# is STATE...: whether the transaction of this generation is in one of these states.
is() {
  read_transaction
  [ "$number" = "$generation" ] || return 1
  for each; do [ "$state" != "$each" ] || return 0; done
  return 1
}

# move FROM TO: false if another process moved it first.
move() {
  [ -f "$base/tx/$1" ] && mv -T -- "$base/tx/$1" "$base/tx/$2" 2>/dev/null || return 1
  sync -- "$base/tx" || :
  note state "$2"
  write_status "$2"
  case "$2" in armed | restoring | broken) record_event "$2" "$generation" "${moved_for-}" ;; esac
}

# run_locked COMMAND...: run it under the lock of the transaction. Exit status 75: another process holds the lock.
run_locked() {
  (
    flock -w 10 9 || exit 75
    "$@" 9>&-
  ) 9>>"$base/lock"
}

# await_lock COMMAND...: the same, however long another process holds the lock. For steps that no other process would retry.
await_lock() {
  while :; do
    run_locked "$@" && return
    locked=$?
    [ "$locked" = 75 ] || return "$locked"
  done
}

# note WORD...: add exactly one line to the journal. A full disk must not stop a rollback.
note() {
  IFS=$tab
  noted=$*
  unset IFS
  case $noted in *"$newline"*) noted=$(printf %s "$noted" | tr '\n' ' ') ;; esac
  printf '%s\t%s\n' "$(date +%s.%N)" "$noted" >>"$home/journal" || :
} 2>/dev/null

# write_status STATE: write what everybody may know about deploys. It has no digest of a secret or an env file.
write_status() {
  current=$(readlink -- "$base/current") || current=''
  read_uptime
  {
    printf 'format 1\nstate %s\ngeneration %s\ncurrent %s\nat %s\nboot %s\nuptime %s\n' \
      "$1" "$generation" "${current##*/}" "$(date +%s)" "$boot" "$uptime"
    [ ! -f "$base/lease" ] || printf 'lease %s\n' "$(cat -- "$base/lease")"
    [ "$1" = idle ] || sed -n 's/^by /by /p' -- "$home/about"
    [ ! -f "$base/current/about" ] || sed 's/^/current-/' -- "$base/current/about"
    [ ! -f "$base/units" ] || cat -- "$base/units"
  } >"$home/status" && chmod 0644 -- "$home/status" && mv -fT -- "$home/status" "$base/status" || :
} 2>/dev/null

# read_uptime: the lease counts in uptime, which setting the clock does not change, and ends with this boot.
read_uptime() {
  read -r boot </proc/sys/kernel/random/boot_id
  read -r uptime _ </proc/uptime
  uptime=${uptime%.*}
}
renew_lease() {
  read_uptime
  printf '%s %s\n' "$boot" $((uptime + lease_s)) >"$home/lease.$$" && mv -fT -- "$home/lease.$$" "$base/lease"
}
is_lease_over() {
  read_uptime
  read -r of_boot until <"$base/lease" || return 0
  [ "$of_boot" != "$boot" ] || [ "$uptime" -gt "$until" ]
} 2>/dev/null

# look_at PATH: set `there` to what is at the path, in the words of a plan. Only `most` bytes of a file are read, in
# case its owner makes it endless: then it differs from what was planned.
look_at() {
  if [ -L "$1" ]; then there=link:$(readlink -- "$1")
  elif [ -f "$1" ]; then
    there=$(head -c "$most" -- "$1" | sha256sum) || return 1
    there=sha256:${there%% *}
  elif [ -d "$1" ]; then there=dir
  elif [ -e "$1" ]; then there=other
  else there=absent; fi
}

# look_at_folder PATH: set `there` to the owner and mode of a folder.
look_at_folder() {
  there=absent
  [ -L "$1" ] || [ ! -d "$1" ] || there=folder:$(stat -c '%U:%G:0%a' -- "$1")
}

# set_folder PATH OWNER:GROUP MODE
set_folder() { { [ -d "$1" ] || mkdir -- "$1"; } && chown -h -- "$2" "$1" && chmod -- "$3" "$1"; }

# name_room PATH: set `room` to the folder beside a file, root's alone, that holds its new copy and keeps its old inode.
# systemd reads no folder with such a name, and nobody can guess it.
name_room() {
  folder=${1%/*}
  room=${folder:-/}/.qtctl-$generation-$word
}

# run_systemctl ARGUMENT...: run systemctl, and up to `patience` times more if PID 1 does not answer, as while it
# re-executes itself. `said` is its output.
run_systemctl() {
  tries=0
  while :; do
    said=$(timeout --foreground -k 5 "$limit" systemctl "$@" 2>&1) && return
    code=$?
    case "$said" in
      *'Failed to connect'* | *'Connection reset'* | *'not connected'* | *'Connection timed out'* | *'Broken pipe'*) ;;
      *) return "$code" ;;
    esac
    tries=$((tries + 1))
    [ "$tries" -lt "${patience:-20}" ] || return "$code"
    sleep 0.5
  done
}

# show_units UNIT...: a line for each: name, LoadState, ActiveState, SubState, InvocationID, Type, RemainAfterExit; - if
# unset.
show_units() {
  [ $# -gt 0 ] || return 0
  run_systemctl show -p LoadState -p ActiveState -p SubState -p InvocationID -p Type -p RemainAfterExit -- "$@" || return 1
  printf '%s\n' "$said" | {
    for unit; do
      load=- active=- sub=- invocation=- type=- remain=-
      while IFS= read -r line && [ -n "$line" ]; do
        value=${line#*=}
        value=${value:--}
        case "$line" in
          LoadState=*) load=$value ;;
          ActiveState=*) active=$value ;;
          SubState=*) sub=$value ;;
          InvocationID=*) invocation=$value ;;
          Type=*) type=$value ;;
          RemainAfterExit=*) remain=$value ;;
        esac
      done
      printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$unit" "$load" "$active" "$sub" "$invocation" "$type" "$remain"
    done
  }
}

# list_links FOLDER: the links in a unit folder and in its subfolders: path, target. If find fails, because it lacks an
# option or because a link has just gone, or is not the find that it should be, they are read one by one.
list_links() {
  set -- "$1"/* "$1"/*/*
  found=$({ timeout --foreground -k 5 "$limit" find "$@" -maxdepth 0 -type l -printf '%p\t%l\n' && echo whole; } \
    2>/dev/null | head -c 4194304)
  case "$newline$found" in
    *"${newline}whole")
      found=${found%whole}
      printf %s "$found"
      return 0
      ;;
  esac
  for each; do
    [ ! -L "$each" ] || printf '%s\t%s\n' "$each" "$(readlink -- "$each")"
  done
}

# sync_links: sync the folders in which systemctl has made and removed links.
sync_links() {
  set -- "$unit_folder"
  for each in "$unit_folder"/*.wants "$unit_folder"/*.requires "$unit_folder"/*.upholds; do [ ! -d "$each" ] || set -- "$@" "$each"; done
  sync -- "$@" || :
}

# drop PATH...: remove temporary files of a transaction.
drop() { rm -rf -- "$@"; }

# for_each_room COMMAND: run it with each room of this generation. No other process takes part in it: at a shutdown all processes
# of a session get a signal, twice below sudo, and a pipeline that dies of it would leave rooms that nothing knows of any more.
for_each_room() {
  rooms=$newline
  while IFS=$tab read -r _ kind path _; do
    case "$kind" in write | remove | link) ;; *) continue ;; esac
    name_room "$path"
    case "$rooms" in *"$newline$room$newline"*) continue ;; esac
    rooms=$rooms$room$newline
    "$1" "$room" </dev/null
  done <"$home/steps"
}

# drop_rooms: remove them, but not `left_rooms`.
drop_rooms() { for_each_room drop_room; }
left_rooms=$newline
drop_room() { case $left_rooms in *"$newline$1$newline"*) ;; *) drop "$1" ;; esac; }

# use_generation NUMBER [COMMAND...]: set the variables that the other functions need, then run COMMAND.
use_generation() {
  generation=$1
  home=$base/gen/$1
  read -r word <"$home/word" || word=lost
  shift
  "$@"
}

# forget_staged: remove a staged generation, which has changed nothing yet.
forget_staged() {
  [ ! -f "$home/steps" ] || drop_rooms
  rm -f -- "$base/tx/staged" "$base/lease" "$base/holder"
  drop_unit_copies
  write_status idle
  drop "$home"
}

# drop_unfinished: remove generations whose staging was killed before anything watched them, but never the one in force.
drop_unfinished() {
  for each in "$base"/gen/*; do
    [ -f "$each/outcome" ] || [ "$each" -ef "$base/current" ] || drop "$each"
  done
}

# drop_unit_copies: remove copies of the boot units that a killed script did not put in place.
drop_unit_copies() { drop "$unit_folder/.qtctl-restore.service" "$unit_folder/.qtctl-restore-verify.service"; }
