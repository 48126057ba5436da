# shellcheck shell=sh disable=SC2154,SC2015,SC2034
# Installs staged files as root. Two rounds: first every file is checked, copied into a folder beside its place that root
# alone can enter, compared with its digest and given its rights, and what it replaces is copied away, so that whatever
# can go wrong does so before the first change; then each is checked again and renamed over.
#
# It arrives on standard input: as functions it runs whole or, if the connection breaks early, not at all. Once it runs
# it is not to be cut short by a connection that goes away (HUP, PIPE): half an installation is worse.
#
# Given: stage (the staged files, by number), replaced and kept (a new folder in it), keep, mark,
# most; way.sh.
umask 077
say() { printf 'qtctl %s\n' "$*"; }

# Nothing is in a place that others could have named or made: rooms are named by mktemp when they are made.
rooms='' made='' begun=no cleaned=no

# state PATH: what is there, as the plan says it. Of a file whose owner lets it grow without end, only so much is read
# (`most` bytes): then it is not what was planned.
state() {
  if [ -L "$1" ]; then printf 'link:%s' "$(readlink -- "$1")"
  elif [ -f "$1" ]; then sum=$(head -c "$most" -- "$1" | sha256sum) || return 1; printf 'sha256:%s' "${sum%% *}"
  elif [ -d "$1" ]; then printf dir
  elif [ -e "$1" ]; then printf other
  else printf absent; fi
}

# clean: remove what is not installed, and say what could not be removed.
clean() {
  [ "$cleaned" = no ] || return 0
  cleaned=yes
  gone "$stage"
  for each in $rooms; do
    eval "gone \"\$room_$each\""
  done
  [ "$begun" = yes ] || gone "$kept"
  printf '%s' "$made" | while IFS= read -r each; do
    rmdir -- "$each" 2>/dev/null || [ "$begun" = yes ] || say left "$each"
  done
}
gone() { rm -rf -- "$1" || say left "$1"; }
stop() {
  say stopped "$@"
  clean
  say end
  exit 1
}
same() {
  now=$(state "$2") || stop "$1" "$2 could not be read"
  [ "$now" = "$3" ] || stop "$1" "$2 is not what it was when this was planned: plan again"
}

# directory NUMBER FOLDER [MODE]: in a folder that was found good, so that nobody else can make it first.
directory() {
  [ -d "$2" ] && return
  case "$2" in */*/*) directory "$1" "${2%/*}" ;; esac
  mkdir -m "${3:-0755}" -- "$2" || stop "$1" "$2 could not be made"
  made="$2
$made"
}

# safe FOLDER FILE: nobody but root can lead elsewhere what is written in FOLDER.
safe() {
  trusted "$1" && return
  say unsafe
  stop - "$why, on the way to $2"
}

# room NUMBER FOLDER: a folder that root alone can enter, on the file system of what is installed in FOLDER.
room() {
  directory - "$2"
  new=$(mktemp -d -- "$2/.qtctl-XXXXXXXXXXXX") || stop - "nothing could be written in $2"
  eval "room_$1=\$new"
  rooms="$rooms $1"
}

# vault: the root-only folder for what is replaced.
vault() {
  directory - "${replaced%/*}" 0711
  directory - "$replaced" 0700
  mkdir -m 0700 -- "$kept" || stop - "$kept could not be made"
}

same_label() {
  [ ! -e /sys/fs/selinux/enforce ] || [ -L "$1" ] || [ ! -f "$1" ] || chcon --reference="$1" -- "$2"
}
later() {
  at=$(stat -c %.9Y -- "$1") || return 1
  seconds=${at%.*} nano=$((1${at#*.} - 1000000000 + 1000))
  [ "$nano" -lt 1000000000 ] || { seconds=$((seconds + 1)) nano=$((nano - 1000000000)); }
  touch -d "@$seconds.$(printf %09d "$nano")" -- "$2"
}

# prepare NUMBER FILE SEEN ROOM SHA256 BYTES OWNER:GROUP MODE KEEP_TIME
prepare() {
  same "$1" "$2" "$3"
  eval "copy=\$room_$4/$1"
  # The login user's processes could swap what is staged: for a link, a pipe, something without end. What counts is
  # what is in the copy.
  dd if="$stage/$1" of="$copy" iflag=nofollow,nonblock,fullblock,count_bytes count="$6" bs=64K conv=excl status=none ||
    stop "$1" "the staged copy of $2 could not be read, or not written beside its place"
  [ "$(sha256sum <"$copy")" = "$5  -" ] || stop "$1" "the staged copy of $2 is damaged"
  chown -h -- "$7" "$copy" && chmod -- "$8" "$copy" || stop "$1" "$2 cannot be given to $7 with mode $8"
  same_label "$2" "$copy" || stop "$1" "the new $2 cannot be given the security label of the old one"
  [ "$9" = no ] || later "$2" "$copy" || stop "$1" "$2 cannot keep its time"
  case "$3" in
    absent) return ;;
    dir) mkdir -p -- "$kept${2%/*}" ;;
    *) mkdir -p -- "$kept${2%/*}" && cp -a -- "$2" "$kept$2" ;;
  esac || stop "$1" "$2 could not be kept"
}

# replace NUMBER FILE SEEN ROOM
replace() {
  same "$1" "$2" "$3"
  [ "$begun" = yes ] || say begun
  begun=yes
  [ "$3" != dir ] || mv -T -- "$2" "$kept$2" || stop "$1" "$2 could not be moved away"
  eval "mv -fT -- \"\$room_$4/$1\" \"\$2\"" || stop "$1" "$2 could not be renamed over"
  say installed "$1"
}

ours() { [ -f "$1" ] && [ ! -L "$1" ] && [ "$(head -c ${#mark} -- "$1")" = "$mark" ]; }
forget() {
  number=$1 path=$2
  set --
  for each in "$replaced"/*"$path"; do ours "$each" && set -- "$@" "$each"; done
  while [ $# -gt "$keep" ]; do
    rm -f -- "$1" && say forgotten "$number"
    rmdir -p --ignore-fail-on-non-empty -- "${1%/*}"
    shift
  done
}
synced() { sync -- "$@" || stop - "files could not be synced"; }
