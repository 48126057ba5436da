# shellcheck shell=sh disable=SC2154,SC2015
# The audit trail of a host: each event is a line of JSON in $base/trail and an entry in the journal with the same
# fields.
#
# Given: base; home (a folder with `trail`, the members of a JSON object in one line, and `fields`, fields of the
# journal, one a line), or both in whose_members and whose_fields; and `note`, which is called if an event could not be
# recorded.
trail_most=1048576 trail_id=5f0c8a1f3b8e4d7c9a2e6b41d0c7f953

# record_event EVENT NUMBER [WHY]: a deploy neither waits for this nor fails with it.
record_event() {
  trail_why=$(printf %s "${3-}" | tr -cd '\040-\176' | cut -b 1-300)
  members=${whose_members-} fields=${whose_fields-}
  [ -n "$members" ] || { read -r members <"$home/trail" && fields=$(cat -- "$home/fields"); } ||
    note warning 'the audit trail could not record whose deploy this is'
  keep_trail "$1" "$2" || note warning "$base/trail could not be written"
  tell_journal "$1" "$2" || note warning "the audit trail could not be written to the host's journal"
} 2>/dev/null

# keep_trail EVENT NUMBER: append to the file. There are two; when the newer one is full, the older one goes. One process
# at a time: what starts and stops units does not hold the lock of a deploy.
keep_trail() { (append_trail "$@") 7<"$base"; }

# append_trail EVENT NUMBER: a line that a power cut left unfinished is ended first. A full file grows if the lock is not
# to be had.
append_trail() {
  ! flock -w 2 7 || [ ! -f "$base/trail" ] || [ "$(stat -c %s -- "$base/trail")" -lt "$trail_most" ] ||
    mv -fT -- "$base/trail" "$base/trail.1"
  [ ! -s "$base/trail" ] || [ -z "$(tail -c 1 -- "$base/trail")" ] || echo >>"$base/trail"
  printf '{"at":"%s","event":"%s","generation":%s%s%s}\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1" "$2" "${members:+,$members}" \
    "${trail_why:+,\"why\":\"$(printf %s "$trail_why" | sed 's/[\\"]/\\&/g')\"}" >>"$base/trail" || return 1
  sync -- "$base/trail" || :
}

# tell_journal EVENT NUMBER: to see it, run `journalctl -t qtctl DEPLOY_GENERATION=NUMBER -o verbose`.
tell_journal() {
  {
    printf 'MESSAGE=generation %s: %s%s\nMESSAGE_ID=%s\nPRIORITY=5\nSYSLOG_IDENTIFIER=qtctl\n' "$2" "$1" "${trail_why:+: $trail_why}" "$trail_id"
    printf 'DEPLOY_EVENT=%s\nDEPLOY_GENERATION=%s\n' "$1" "$2"
    [ -z "$trail_why" ] || printf 'DEPLOY_WHY=%s\n' "$trail_why"
    [ -z "$fields" ] || printf '%s\n' "$fields"
  } | timeout -k 1 5 logger --journald
}

# sign_trail: add the account that asks, as the host knows it, to what the caller sent to $home.
sign_trail() {
  find_login
  read -r members <"$home/trail" && printf '%s,"login":"%s"\n' "$members" "$login" >"$home/signed" &&
    mv -fT -- "$home/signed" "$home/trail" && printf 'DEPLOY_LOGIN=%s\n' "$login" >>"$home/fields"
}

# find_login: set `login` to the account of the nearest ancestor process that is not root's, by /proc and not by a
# variable.
find_login() {
  login='' parent=$$ uid=0
  while [ "$uid" = 0 ] && [ "$parent" -gt 1 ]; do
    while read -r status_key status_value _; do
      case "$status_key" in PPid:) above=$status_value ;; Uid:) uid=$status_value ;; esac
    done <"/proc/$parent/status" || break
    parent=$above
  done 2>/dev/null
  login=$(getent passwd "$uid" | cut -d : -f 1 | tr -cd '[:alnum:]._@-')
  login=${login:-$uid}
}

# sign_record: the same for an event without a generation.
sign_record() {
  find_login
  whose_members="$whose_members,\"login\":\"$login\"" whose_fields="${whose_fields}DEPLOY_LOGIN=$login"
}
