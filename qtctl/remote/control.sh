# shellcheck shell=sh disable=SC2154,SC2034,SC2015,SC2016
# Starts, stops, restarts … units, as root. Jobs are queued in the order of the units, which systemd then orders by what
# it has loaded. Whoever asked sees on the bus how each job ends.
#
# Given: trail.sh, base; whose_members and whose_fields (see trail.sh); control_verb, control_signal, control_why (what
# the registry says against it, and the operator's reason; '' for neither).
control_manager='org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager'
control_id=8d5e9a7c41f24b0f9c5a3e6d2b7f1084

is_control_verb() { case $1 in start | stop | restart | reload | enable | disable | reset-failed | kill) ;; *) return 1 ;; esac; }
is_control_signal() { case $1 in 0 | [1-9] | [1-5][0-9] | 6[0-4]) ;; *) return 1 ;; esac; }
is_control_unit() { case $1 in '' | -* | .* | *@.* | *[!A-Za-z0-9:_.@\\-]*) return 1 ;; ?*.?*) ;; *) return 1 ;; esac; }

note() { [ "$1" != warning ] || printf 'qtctl warning %s\n' "$2"; }

# control_units UNIT...: for each a line: `queued UNIT JSON`, where JSON is the answer of EnqueueUnitJob; `done UNIT`; or
# `refused UNIT WHY`. Nothing is done if a deploy is under way, or if a word is not the name of a unit: then one line says why.
control_units() {
  PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
  export PATH LC_ALL
  unset DBUS_SYSTEM_BUS_ADDRESS SYSTEMD_OFFLINE
  for unit; do is_control_unit "$unit" || { printf 'qtctl stopped %s is not the name of a unit\n' "$unit" && return 1; }; done
  is_control_verb "$control_verb" && is_control_signal "$control_signal" || return 64
  find_control_obstacle
  [ -z "$said" ] || { printf 'qtctl stopped %s\n' "$said" && return 1; }
  sign_record
  record_control "$@"
  case $control_verb in
    enable | disable) switch_units "$@" ;;
    *) for unit; do control_unit "$unit"; done ;;
  esac
}

# find_control_obstacle: set `said` to the deploy that is in the way, or to ''.
find_control_obstacle() {
  said=''
  for state in "$base"/tx/*; do
    [ -e "$state" ] || continue
    read -r of_deploy <"$state" || of_deploy=''
    case ${state##*/}:$of_deploy in
      broken:*) said='an earlier deploy could not be rolled back: see its units, then `qtctl recover`' ;;
      *: | *:*[!0-9]*) said='the record of a deploy is damaged: `qtctl recover`' ;;
      *) said="a deploy is under way on the host (${state##*/})" ;;
    esac
  done 2>/dev/null
}

# control_unit UNIT
control_unit() {
  case $control_verb in
    reset-failed) said=$(call_systemd ResetFailedUnit s "$1") || { tell_refused "$1" && return; } ;;
    kill) said=$(call_systemd KillUnit ssi "$1" all "$control_signal") || { tell_refused "$1" && return; } ;;
    *)
      said=$(call_systemd EnqueueUnitJob sss "$1" "$control_verb" replace) || { tell_refused "$1" && return; }
      printf 'qtctl queued %s %s\n' "$1" "$said"
      return
      ;;
  esac
  printf 'qtctl done %s\n' "$1"
}
call_systemd() {
  # shellcheck disable=SC2086 # three words
  timeout -k 1 30 busctl --system --json=short --no-pager call $control_manager "$@" 2>&1
}
tell_refused() { printf 'qtctl refused %s %s\n' "$1" "$(printf %s "$said" | tr -c '\040-\176' ' ' | cut -b 1-300)"; }

# switch_units UNIT...: enable or disable all of them at once.
switch_units() {
  if said=$(timeout -k 1 60 systemctl --no-ask-password --quiet "$control_verb" -- "$@" 2>&1); then
    printf 'qtctl done %s\n' "$@"
    return
  fi
  for unit; do tell_refused "$unit"; done
}

# record_control UNIT...: who does what and why, in the trail of the host and in its journal. To see it, run
# `journalctl -t qtctl CONTROL_VERB=stop -o verbose`.
record_control() {
  members=$whose_members fields=$whose_fields
  trail_why=$(printf %s "$control_why" | tr -cd '\040-\176' | cut -b 1-300)
  members="$members,\"units\":\"$(printf %s "$*" | sed 's/\\/\\\\/g')\""
  [ ! -d "$base" ] || keep_trail "$control_verb" null || note warning "$base/trail could not be written"
  {
    printf 'MESSAGE=%s %s, by %s%s\nMESSAGE_ID=%s\n' "$control_verb" "$*" "$login" "${trail_why:+: $trail_why}" "$control_id"
    printf 'PRIORITY=5\nSYSLOG_IDENTIFIER=qtctl\nCONTROL_VERB=%s\n' "$control_verb"
    for unit; do printf 'CONTROL_UNIT=%s\n' "$unit"; done
    [ -z "$trail_why" ] || printf 'CONTROL_WHY=%s\n' "$trail_why"
    [ -z "$fields" ] || printf '%s\n' "$fields"
  } | timeout -k 1 5 logger --journald || note warning "this could not be written to the host's journal"
}
