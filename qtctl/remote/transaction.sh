# shellcheck shell=sh disable=SC2034,SC2154,SC2015
# A deploy as a transaction of the host: its state, its lock, its lease and its journal.
#
# Given: damaged.sh, base (/var/lib/qtctl), store (/opt/qtctl/store), lease_s, limit (seconds for one command of systemd), most. The state of a transaction is the name of the one file in $base/tx, and its
# content the number of the generation: a rename moves it from one state to the next, and of two that try, one wins.
umask 077
PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
export PATH LC_ALL
tab=$(printf '\t')
newline='
'

# read_transaction: set `state` and `number` of the current transaction; '' if there is none. `damage`: why the state is `damaged`.
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

# move FROM TO: false if somebody else moved it first.
move() {
  [ -f "$base/tx/$1" ] && mv -T -- "$base/tx/$1" "$base/tx/$2" 2>/dev/null || return 1
  sync -- "$base/tx" || :
  note state "$2"
  write_status "$2"
  case "$2" in armed | restoring | broken) record_event "$2" "$generation" "${moved_for-}" ;; esac
}

# run_locked COMMAND...: run it under the lock of the transaction. Exit status 75: somebody else holds the lock.
run_locked() {
  (
    flock -w 10 9 || exit 75
    "$@" 9>&-
  ) 9>>"$base/lock"
}

# note WORD...: add exactly one line to the journal. A full disk must not stop a rollback.
note() {
  IFS=$tab
  noted=$*
  unset IFS
  case $noted in *"$newline"*) noted=$(printf %s "$noted" | tr '\n' ' ') ;; esac
  printf '%s\t%s\n' "$(date +%s.%N)" "$noted" >>"$home/journal" || :
} 2>/dev/null

# write_status STATE: write what everybody may see of deploys. It has no digest of a secret or an env file.
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

# The lease counts in the host's uptime, which does not change with its clock, and ends with this boot.
read_uptime() {
  read -r boot </proc/sys/kernel/random/boot_id
  read -r uptime _ </proc/uptime
  uptime=${uptime%.*}
}
renew_lease() {
  read_uptime
  printf '%s %s\n' "$boot" $((uptime + lease_s)) >"$home/lease" && mv -fT -- "$home/lease" "$base/lease"
}
is_lease_over() {
  read_uptime
  read -r of_boot until <"$base/lease" || return 0
  [ "$of_boot" != "$boot" ] || [ "$uptime" -gt "$until" ]
} 2>/dev/null

# look_at PATH: what is there, as a plan says it, in `there`. Of a file that its owner lets grow without end, only `most`
# bytes are read: then it is not what was planned.
look_at() {
  if [ -L "$1" ]; then there=link:$(readlink -- "$1")
  elif [ -f "$1" ]; then
    there=$(head -c "$most" -- "$1" | sha256sum) || return 1
    there=sha256:${there%% *}
  elif [ -d "$1" ]; then there=dir
  elif [ -e "$1" ]; then there=other
  else there=absent; fi
}

# look_at_folder PATH: the owner and mode of a folder, in `there`.
look_at_folder() {
  there=absent
  [ -L "$1" ] || [ ! -d "$1" ] || there=folder:$(stat -c '%U:%G:0%a' -- "$1")
}

# set_folder PATH OWNER:GROUP MODE
set_folder() { { [ -d "$1" ] || mkdir -- "$1"; } && chown -h -- "$2" "$1" && chmod -- "$3" "$1"; }

# name_room PATH: the folder beside a file, of root alone, in which its new copy waits and its old inode is kept. systemd
# reads no folder of that name, and nobody knows it before it is made.
name_room() {
  folder=${1%/*}
  room=${folder:-/}/.qtctl-$generation-$word
}

# run_systemctl ARGUMENT...: systemctl, asked again, as often as `patience` says, where PID 1 does not answer, as while it is executed
# anew. `said`: its words.
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

# show_units UNIT...: a line for each: name, LoadState, ActiveState, SubState, InvocationID, Type, RemainAfterExit; - for none.
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

# list_links FOLDER: the links of a folder of units, and of the folders in it: path, target. Where find does not know all of
# that, or one goes meanwhile, each is read by itself.
list_links() {
  set -- "$1"/* "$1"/*/*
  if found=$(find "$@" -maxdepth 0 -type l -printf '%p\t%l\n' 2>/dev/null); then
    [ -z "$found" ] || printf '%s\n' "$found"
    return 0
  fi
  for each; do
    [ ! -L "$each" ] || printf '%s\t%s\n' "$each" "$(readlink -- "$each")"
  done
}

# drop PATH...: remove temporary files of a transaction.
drop() { rm -rf -- "$@"; }

# list_rooms: list the rooms of this generation, one per line.
list_rooms() {
  while IFS=$tab read -r _ kind path _; do
    case "$kind" in write | remove | link) name_room "$path" && printf '%s\n' "$room" ;; esac
  done <"$home/steps" | sort -u
}

# use_generation GENERATION [COMMAND...]: set the variables that the other functions need, and run COMMAND.
use_generation() {
  generation=$1
  home=$base/gen/$1
  read -r word <"$home/word" || word=lost
  shift
  "$@"
}

# forget_staged: remove a staged generation, which has changed nothing.
forget_staged() {
  [ ! -f "$home/steps" ] || list_rooms | while IFS= read -r each; do drop "$each"; done
  rm -f -- "$base/tx/staged" "$base/lease" "$base/holder"
  drop_unit_copies
  write_status idle
  drop "$home"
}

# drop_unfinished: remove generations whose staging was killed before anything watched them.
drop_unfinished() {
  for each in "$base"/gen/*; do
    [ -f "$each/outcome" ] || drop "$each"
  done
}

# drop_unit_copies: remove the copies of the units for the boot that a killed script has not put in place.
drop_unit_copies() { drop "$unit_folder/.qtctl-restore.service" "$unit_folder/.qtctl-restore-verify.service"; }
