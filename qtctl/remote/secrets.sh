# shellcheck shell=sh disable=SC2154,SC2034,SC2015
# Puts a secret on a host, as root, and lists those that exist. A value never appears in a command line or in the
# environment of a process: the script comes over standard input, and printf is built into the shell.
#
# Given: trail.sh, way.sh, transaction.sh, stage.sh, env_files.sh; base, most, remover (env_without.awk), reader
# (env_file.awk), nonce; to put one: encoded (the value, in base64), whose_members and whose_fields (see trail.sh).

# There is no generation here, so warnings go to the caller.
note() { [ "$1" != warning ] || say "$@"; }

# put_secret PATH KEY: replace the whole file by one rename. KEY is a variable of an env file, '' if the value is the
# file.
put_secret() {
  room=''
  trap '[ -z "$room" ] || drop "$room"' EXIT
  trap 'refuse - interrupted' INT TERM
  trap '' HUP PIPE
  prepare_base
  exec 9>>"$base/lock" || refuse - "$base/lock could not be opened"
  wait_for_lock || {
    [ ! -f "$base/holder" ] || refuse - 'a deploy is being staged'
    refuse - "another process of qtctl holds $base/lock, such as one that puts a secret: try again"
  }
  read_transaction
  [ -z "$damage" ] || { say damaged "$damage" && refuse - "$damage"; }
  [ "$state" != broken ] || { say broken "$number" && refuse - "generation $number could not be rolled back"; }
  [ -z "$state" ] || refuse - "generation $number is $state: put the secret when that has ended"
  folder=${1%/*}
  folder=${folder:-/}
  check_way "$folder" - "$1"
  make_folder "$folder"
  [ ! -L "$1" ] || refuse - "$1 is a link"
  [ ! -e "$1" ] || [ -f "$1" ] || refuse - "$1 is not a regular file"
  drop "$folder"/.qtctl-secret-*
  room=$(mktemp -d -- "$folder/.qtctl-secret-XXXXXXXXXX") || refuse - "nothing could be written in $folder"
  made=''
  write_secret "$1" "$2" || refuse - "${why:-no space in $folder}"
  exchange "$1"
}

# write_secret PATH KEY: write the new file in the room. On failure `why` says what is in the way.
write_secret() {
  why=''
  true >"$room/new" || return
  if [ -n "$2" ] && [ -f "$1" ]; then
    [ "$(stat -c %s -- "$1")" -le "$most" ] || { why="$1 is larger than an env file" && return 1; }
    drop_key "$1" "$2" >"$room/new" || {
      case $? in
        3) why="$1 contains a NUL, so systemd reads nothing from it" ;;
        4) why="$1 ends in an open quote or a backslash, so nothing can be added to it" ;;
      esac
      return 1
    }
  fi
  [ -n "$encoded" ] && printf %s "$encoded" | base64 -d >>"$room/new" || return
  [ -z "$2" ] || echo >>"$room/new"
}
drop_key() {
  version=$(systemctl --version 2>/dev/null) version=${version#systemd } version=${version%%[!0-9]*}
  continues=1
  [ "${version:-0}" -lt 254 ] || continues=0
  { cat -- "$1" && echo x; } | tr '\000\001' '\001\002' | key=$2 continues=$continues awk "$given_key$remover"
}
given_key='BEGIN { key = ENVIRON["key"]; continues = ENVIRON["continues"] + 0 }
'

# exchange PATH: make the new file root's, and rename it over PATH.
exchange() {
  mode=0600
  [ ! -f "$1" ] || [ "$(stat -c %a -- "$1")" != 400 ] || mode=0400
  chown root:root -- "$room/new" && chmod "$mode" -- "$room/new" || refuse - "$1 could not be given to root with mode $mode"
  if [ -f "$1" ] && cmp -s -- "$room/new" "$1" && [ "$(stat -c %u:%g:%a -- "$1")" = "0:0:${mode#0}" ]; then
    say unchanged
    return
  fi
  copy_label "$1" "$room/new" || refuse - "the new $1 could not be given the security label of the old one"
  # What follows is not undone by `refuse`.
  trap '' INT TERM
  sync -- "$room/new" && mv -fT -- "$room/new" "$1" || refuse - "$1 could not be replaced: it is immutable, or a mount"
  sync -- "$folder" || :
  record_event put null
  say put
}

# list_secrets [PATH KEYS]...: KEYS between spaces, '' for a file that is one value. Lines: `P NUMBER KIND OWNER GROUP
# MODE FILLED`, `T NUMBER WHY` if others than root can change the path to the file, and those of env_files.sh.
list_secrets() {
  number=0
  continues=1
  while [ $# -gt 0 ]; do
    show_secret "$1"
    [ -z "$2" ] || read_env_file "$1" '' "$2"
    number=$((number + 1))
    shift 2
  done
}
show_secret() {
  way=${1%/*}
  is_trusted "${way:-/}" || printf 'T %s %s\n' "$number" "$why"
  kind=missing filled=0
  if [ -L "$1" ]; then kind="link"
  elif [ -f "$1" ]; then kind="file"
  elif [ -e "$1" ]; then kind="other"; fi
  [ ! -s "$1" ] || filled=1
  rights=$(stat -c '%U %G %04a' -- "$1" 2>/dev/null) || rights='- - -'
  printf 'P %s %s %s %s\n' "$number" "$kind" "$rights" "$filled"
}
