# shellcheck shell=sh disable=SC2154
# Carries out the steps of a generation on the host. Given: transaction.sh, pools.sh, generation, home (its folder).

begin_step() { note step "$1" begun; }
end_step() { note step "$1" 'done'; }
fail_step() {
  note step "$1" failed "$(printf '%s' "$2" | tr '\n\t' '; ' | cut -b 1-600)"
  return 1
}

# apply: false after a failed step that rules out any further step. A unit that does not start is no such step: the gate
# judges it.
apply() {
  rows='' together='' looked=no
  while IFS=$tab read -r step kind subject seen sha owner mode _; do
    is applying || return 1
    case "$kind" in
      start | restart) collect restart "$step" "$subject" || return 1 ;;
      stop | enable | disable | reset-failed | reload) collect "$kind" "$step" "$subject" || return 1 ;;
      *) flush && carry_out "$step" "$kind" "$subject" "$seen" "$sha" || return 1 ;;
    esac
  done <"$home/steps"
  flush || return 1
  look_once
  record_started || note warning 'what the processes have read could not be recorded'
}
look_once() {
  [ "$looked" = yes ] || look_before_start || :
  looked=yes
}

# carry_out NUMBER KIND SUBJECT SEEN SHA256
carry_out() {
  begin_step "$1"
  case "$2" in
    write | remove | link) swap "$1" "$3" "$4" "$5" ;;
    folder) said=$(set_folder "$3" "$owner" "$mode" 2>&1) ;;
    sysusers) said=$(timeout --foreground "$limit" systemd-sysusers "$3" 2>&1) ;;
    tmpfiles) said=$(timeout --foreground "$limit" systemd-tmpfiles --create "$3" 2>&1) ;;
    daemon-reload) run_systemctl daemon-reload ;;
    stop-container) stop_container "$4" ;;
    *) said="unknown kind of step: $2" && false ;;
  esac || { fail_step "$1" "$said" || return 1; }
  end_step "$1"
}

# swap NUMBER PATH SEEN NEW: the old inode stays in the room, and the new file is renamed over its name.
swap() {
  name_room "$2"
  look_at "$2" || { said="$2 could not be read" && return 1; }
  [ "$there" = "$3" ] || { said="$2 has changed since this was planned" && return 1; }
  said="$2 could not be replaced"
  case "$3" in
    absent) ;;
    dir) mv -T -- "$2" "$room/old-$1" || return 1 ;;
    *) ln -fP -- "$2" "$room/old-$1" || return 1 ;;
  esac
  case "$4 $3" in
    '- dir' | '- absent') ;;
    -*) rm -f -- "$2" || return 1 ;;
    *) mv -fT -- "$room/new-$1" "$2" || return 1 ;;
  esac
  sync -- "$room/.."
}

# collect COMMAND NUMBER UNIT: consecutive steps with the same command are run together. A start is the restart of a
# unit that is down.
collect() {
  [ "$together" = "$1" ] || flush || return 1
  together=$1
  rows="$rows$2$tab$3
"
}

# flush: run the collected steps.
flush() {
  [ -n "$together" ] || return 0
  command=$together
  together=''
  if [ "$command" = restart ]; then
    look_once
    restart_in_parts || return 1
    rows=''
    return
  fi
  set --
  while IFS=$tab read -r row unit; do
    [ -n "$row" ] || continue
    begin_step "$row"
    set -- "$@" "$unit"
  done <<END
$rows
END
  case "$command" in
    stop | reload) run_jobs "$command" "$@" ;;
    enable | disable) run_for_all "$command" --no-reload -- "$@" ;;
    # A unit that systemd has forgotten has no failure left to forget.
    reset-failed) run_for_all reset-failed -- "$@" || : ;;
  esac || return 1
  rows=''
}

# restart_in_parts: restart the units of `rows`, of each pool no more at a time than may be down. If those do not come
# up, the others are not touched.
restart_in_parts() {
  left=$rows
  known=$(cut -f 1,5 -- "$home/baseline")
  while [ -n "$left" ]; do
    choose_part "$left" "$known" || return 1
    rows=$part left=$later
    set --
    while IFS=$tab read -r row unit; do
      [ -n "$row" ] || continue
      begin_step "$row"
      set -- "$@" "$unit"
    done <<END
$rows
END
    end_anew
    [ $# = 0 ] || run_jobs restart "$@" || return 1
    [ -z "$left" ] || await_part "$limit" || { fail_fallen && return; }
  done
}
end_anew() {
  while IFS=$tab read -r row _; do
    [ -z "$row" ] || { begin_step "$row" && end_step "$row"; }
  done <<END
$anew
END
}
# fail_fallen: the step of the unit for which the others wait has failed after all.
fail_fallen() {
  while IFS=$tab read -r row unit; do
    [ -z "$row" ] || [ "$unit" != "$fallen" ] || fail_step "$row" 'it did not stay up, so the other units of its pool were not restarted' || :
  done <<END
$rows
END
}

# run_for_all ARGUMENT...: run one command for all units of `rows`; its exit status counts for each step.
run_for_all() {
  ended=0
  run_systemctl "$@" || ended=$?
  [ "$1" != reset-failed ] || ended=0
  while IFS=$tab read -r row _; do
    [ -n "$row" ] || continue
    if [ "$ended" = 0 ]; then end_step "$row"; else fail_step "$row" "$said" || :; fi
  done <<END
$rows
END
  return "$ended"
}

# run_jobs stop|restart|reload UNIT...: judge by the state of the units of `rows` afterwards. PID 1 loses the result of
# a job when it re-executes itself.
run_jobs() {
  verb=$1
  shift
  run_systemctl "$verb" -- "$@" || :
  # A socket that still listened when its service stopped may have started it again. By now it is closed.
  [ "$verb" != stop ] || [ $# -lt 2 ] || run_systemctl stop -- "$@" || :
  words=$said
  settle "$@" || return 1
  while IFS=$tab read -r row unit; do
    [ -n "$row" ] || continue
    case $words in *"$unit"*) why=$(printf '%s\n' "$words" | grep -F -- "$unit" | head -n 2) ;; *) why='' ;; esac
    judge_job "$row" "$verb" "$unit" "$why" || :
  done <<END
$rows
END
}

# settle UNIT...: their state afterwards, in `after`. systemd may restart one that depends on another.
settle() {
  glances=0
  while :; do
    after=$(show_units "$@") || return 1
    printf '%s\n' "$after" | grep -v "${tab}auto-restart$tab" | grep -q "$tab\(de\)*activating$tab" || return 0
    glances=$((glances + 1))
    [ "$glances" -lt 15 ] || return 0
    sleep 0.3
  done
}

# judge_job NUMBER VERB UNIT WORDS: judge a unit by its line in `after`.
judge_job() {
  load='' active='' sub=''
  while IFS=$tab read -r row_unit row_load row_active row_sub _; do
    [ "$row_unit" != "$3" ] || { load=$row_load active=$row_active sub=$row_sub && break; }
  done <<END
$after
END
  case "$2 $active" in
    'stop inactive' | 'stop failed' | 'restart active' | 'restart reloading' | 'reload active') end_step "$1" ;;
    'restart inactive') judge_ended "$1" "$load" "$4" ;;
    *) fail_step "$1" "${4:-$active ($sub)}" ;;
  esac
}

# judge_ended NUMBER LOADED WORDS: a unit that is down after its start is a oneshot that is done, or its condition is
# false.
judge_ended() {
  case "$2 $3" in
    *ependency*failed* | *'dependency job'*) fail_step "$1" "$3" ;;
    loaded*) end_step "$1" ;;
    *) fail_step "$1" "${3:-it is $2}" ;;
  esac
}
