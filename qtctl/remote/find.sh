# shellcheck shell=sh disable=SC2154,SC2034,SC2015
# Finds the transaction that is under way, and whose it is. Waits while one is being staged. Given: transaction.sh.

# find_transaction [TICKET]: TICKET: what `holder` was for the one that is looked for. If that has ended, its number is
# shown too.
find_transaction() {
  [ -f "$base/lock" ] || return 0
  exec 9>>"$base/lock"
  flock -w 10 9 || { echo 'qtctl locked' && return; }
  read_transaction
  [ -z "$state" ] || printf 'qtctl state %s\nqtctl number %s\n' "$state" "$number"
  [ -z "$damage" ] || printf 'qtctl damage %s\n' "$damage"
  [ ! -f "$base/holder" ] || printf 'qtctl holder %s\n' "$(head -c 200 -- "$base/holder")"
  [ -z "${1-}" ] || find_ended "$1"
}

# find_ended TICKET: a generation that has no outcome, and is not under way, has never been armed.
find_ended() {
  for each in "$base"/gen/*; do
    if [ -f "$each/outcome" ] && grep -qsxF -e "$1" -- "$each/holder"; then printf 'qtctl ended %s\n' "${each##*/}"; fi
  done
}

# repair_transaction: rewrite a damaged record for the one generation that has not ended. Then as find_transaction.
repair_transaction() {
  run_locked repair_record
  find_transaction ''
}
repair_record() {
  read_transaction
  [ "$state" = damaged ] && find_unfinished || return 0
  to=$only
  case ${to##*/} in staged | armed | applying | gating | confirmed | restoring) ;; *) to=$base/tx/broken ;; esac
  printf '%s\n' "$unfinished" >"$base/.repaired" && sync -- "$base/.repaired" || return
  # Never without a record: until the last rename there is one that is damaged.
  drop "$base/tx/repaired" && mv -T -- "$base/.repaired" "$base/tx/repaired" || return
  for each in "$base"/tx/*; do [ "${each##*/}" = repaired ] || drop "$each"; done
  mv -T -- "$base/tx/repaired" "$to" && sync -- "$base/tx"
}

# find_unfinished: set `unfinished` to the number of the generation that was staged and has not ended. False unless
# there is exactly one.
find_unfinished() {
  unfinished=''
  for each in "$base"/gen/*; do
    [ -f "$each/steps" ] && [ ! -f "$each/outcome" ] || continue
    [ -z "$unfinished" ] || return 1
    unfinished=${each##*/}
  done
  case $unfinished in '' | *[!0-9]*) return 1 ;; esac
}

# forget_transaction PERSON: remove a damaged record, and leave the host as it is.
forget_transaction() {
  find_login
  whose_members="\"action\":\"recover\",\"login\":\"$login\"" whose_fields="DEPLOY_ACTION=recover${newline}DEPLOY_LOGIN=$login"
  run_locked forget_record "$1"
  find_transaction ''
}
forget_record() {
  read_transaction
  [ "$state" = damaged ] || return 0
  current=$(readlink -- "$base/current") || current=''
  [ -d "$base/$current" ] || current=''
  generation=${current##*/} home=$base/gen/${generation:-none}
  for each in "$base"/tx/*; do drop "$each"; done
  drop "$base/lease" "$base/holder"
  sync -- "$base/tx" || :
  if [ -n "$generation" ]; then write_status idle; else drop "$base/status"; fi
  record_event accepted "${generation:-0}" "$damage: accepted by $1, logged in as $login"
}
