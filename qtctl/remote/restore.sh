# shellcheck shell=sh disable=SC2154,SC2034,SC2015,SC3013,SC2012
# Restores the state before a generation; safe to run again at any time. Given: transaction.sh, pools.sh, generation,
# home (its folder), unit_folder.
#
# What there is to do is read from the host, not from a record of progress: a file is as before, as new, or was changed
# by someone else; a unit has the process that it had before, or another.

restore_files() {
  while IFS=$tab read -r step kind path seen sha _; do
    case "$kind $seen" in
      write' '* | link' '* | remove' '*) restore_file "$step" "$path" "$seen" "$sha" ;;
      'folder folder:'*) restore_folder "$path" "${seen#folder:}" ;;
    esac
  done <"$home/steps"
}

# restore_file NUMBER PATH SEEN NEW
restore_file() {
  name_room "$2"
  old=$room/old-$1
  case "$4" in
    -) new=absent ;;
    link:*) new=$4 ;;
    *) new=sha256:$4 ;;
  esac
  look_at "$2" || there=other
  # A file of the same content with other rights has another inode.
  if [ "$there" = "$3" ] && { [ "$3" != "$new" ] || [ ! -e "$old" ] || [ "$2" -ef "$old" ]; }; then return; fi
  if [ "$there" != "$new" ] && { [ "$3" != dir ] || [ "$there" != absent ]; }; then
    note left "$2"
    return
  fi
  case "$3" in
    absent) rm -f -- "$2" ;;
    dir) rm -f -- "$2" && mv -T -- "$old" "$2" ;;
    *) mv -fT -- "$old" "$2" ;;
  esac || note left "$2"
  sync -- "$room/.." || :
}

# restore_folder PATH OWNER:GROUP:MODE
restore_folder() { [ -L "$1" ] || [ ! -d "$1" ] || set_folder "$1" "${2%:*}" "${2##*:}" || note left "$1"; }

# drop_folders: remove the folders made for this generation if they are empty.
drop_folders() {
  while IFS=$tab read -r _ kind path seen _; do
    case "$kind $seen" in 'folder absent') rmdir -- "$path" || : ;; esac
  done <"$home/steps"
} 2>/dev/null

# is_touched UNIT: whether a step of this generation concerns the unit.
is_touched() { case "$units_touched" in *"$newline$1$newline"*) return 0 ;; esac; return 1; }
read_steps() {
  units_touched=$newline units_stopped=$newline containers=''
  while IFS=$tab read -r step kind subject id _; do
    case "$kind" in
      stop-container) containers="$containers $step:$id" ;;
      start | restart | stop | enable | disable | reload) units_touched="$units_touched$subject$newline" ;;
    esac
    [ "$kind" != stop ] || units_stopped="$units_stopped$subject$newline"
  done <"$home/steps"
}

restore_links() {
  before=$newline$(cat -- "$home/links")$newline
  now=$newline$(list_links "$unit_folder")$newline
  while IFS=$tab read -r path target; do
    is_link_of_ours "$path" "$target" || continue
    case "$before" in *"$newline$path$tab$target$newline"*) ;; *) rm -f -- "$path" ;; esac
  done <<END
${now#"$newline"}
END
  while IFS=$tab read -r path target; do
    is_link_of_ours "$path" "$target" || continue
    case "$now" in *"$newline$path$tab$target$newline"*) continue ;; esac
    [ ! -e "$path" ] || [ -L "$path" ] || { note left "$path" && continue; }
    mkdir -p -- "${path%/*}" && ln -sfn -- "$target" "$path" || note left "$path"
  done <<END
${before#"$newline"}
END
}
is_link_of_ours() { [ -n "$1" ] && { is_touched "${1##*/}" || is_touched "${2##*/}"; }; }

is_up() { case "$1" in active | reloading | refreshing) return 0 ;; esac; return 1; }

# compare_units: set `to_stop`, `to_start` and `to_restart` to units of the baseline; `to_forget` to those that were not
# failed before; `worse` to those that are not as before, and `coming` to those of them that are still starting;
# `invocations` to those of units that were up before. Units that kept failing before may keep failing.
compare_units() {
  to_stop='' to_start='' to_restart='' to_forget='' worse='' gone='' coming='' invocations=''
  set --
  while IFS=$tab read -r unit _; do set -- "$@" "$unit"; done <"$home/baseline"
  present=$(show_units "$@") || return 1
  while IFS=$tab read -r unit load active sub invocation type remain && IFS=$tab read -r _ _ active_now sub_now invocation_now _ <&3; do
    compare_unit
  done <"$home/baseline" 3<<END
$present
END
}
compare_unit() {
  if is_up "$active"; then
    invocations="$invocations $invocation_now"
    case "$type" in
      oneshot)
        # A oneshot is not run again: what it did may not be repeatable.
        is_up "$active_now" || [ "$remain" != yes ] || gone="$gone $unit"
        return
        ;;
    esac
    is_up "$active_now" || {
      to_start="$to_start $unit" worse="$worse $unit"
      case "$active_now" in failed | inactive) ;; *) coming="$coming $unit" ;; esac
      return
    }
    [ "$invocation" = "$invocation_now" ] || ! is_touched "$unit" || to_restart="$to_restart $unit"
    case "$units_stopped" in *"$newline$unit$newline"*) [ "$invocation" = "$invocation_now" ] || to_stop="$to_stop $unit" ;; esac
  elif is_touched "$unit"; then
    case "$active $active_now" in
      *inactive | 'failed failed' | 'activating failed') ;;
      *failed) to_forget="$to_forget $unit" ;;
      # A container that is started again may need the port that this unit holds.
      failed* | activating*) [ -z "$containers" ] || to_stop="$to_stop $unit" ;;
      *) to_stop="$to_stop $unit" ;;
    esac
  fi
}

# restore: put back files and units. Units are stopped before the files change: by the definition that they run with.
restore() {
  read_steps
  note restore begun
  if compare_units; then
    # shellcheck disable=SC2086 # names of units have no blanks
    [ -z "$to_stop" ] || run_systemctl stop -- $to_stop || :
    # shellcheck disable=SC2086 # and again what a socket started before it was closed
    [ -z "$to_stop" ] || run_systemctl stop -- $to_stop || :
  fi
  restore_files
  restore_links
  sync_links
  restore_records || :
  loaded=yes
  load_old || ! has_loaded_new || loaded=no
  bring_back && [ "$loaded" = yes ]
}

# load_old: systemd does not notice that a file is older than the one it has loaded.
load_old() { run_systemctl daemon-reload || { note warning "daemon-reload: $said" && return 1; }; }
# has_loaded_new: whether this generation has, or may have, reloaded systemd.
has_loaded_new() {
  while IFS=$tab read -r step kind _; do
    [ "$kind" = daemon-reload ] || continue
    ! grep -q "step$tab$step${tab}begun" -- "$home/journal" || grep -q "step$tab$step${tab}failed" -- "$home/journal" || return 0
  done <"$home/steps"
  return 1
}

# bring_back: start what was up before, and wait until every unit stays up or stays down. Units do not wait for Docker.
bring_back() {
  start_containers &
  starts=$!
  if bring_back_units; then back=yes; else back=no; fi
  wait "$starts" && [ "$back" = yes ]
}
bring_back_units() {
  compare_units || return 1
  # shellcheck disable=SC2086
  [ -z "$to_forget" ] || run_systemctl reset-failed -- $to_forget || :
  # shellcheck disable=SC2086
  [ -z "$to_start$to_restart" ] || {
    look_before_start || :
    run_systemctl reset-failed -- $to_start $to_restart || :
    restart_as_before $to_start $to_restart
  }
  wait_until_as_before || return 1
  [ -z "$to_start$to_restart" ] || record_started || note warning 'what the processes have read could not be recorded'
}
# restart_as_before UNIT...: of each pool no more at a time than may be down.
restart_as_before() {
  left=$(printf -- "-$tab%s\n" "$@")
  known=$(printf '%s\n' "$present" | cut -f 1,5)
  while [ -n "$left" ]; do
    choose_part "$left" "$known" || part=$left later=''
    left=$later
    # shellcheck disable=SC2046
    [ -z "$part" ] || run_systemctl restart -- $(printf '%s\n' "$part" | cut -f 2) || :
    [ -z "$left" ] || await_part 30 || :
  done
}
# start_containers: start those that this generation stopped. At boot, Docker may still be starting. One that does not
# answer is given up after `containers_s`.
start_containers() {
  read_uptime
  until=$((uptime + ${containers_s:=30}))
  for each in $containers; do
    id=${each#*:} docker_s=$containers_s
    # Docker completes a stop even if its command was killed. Wait for that, or it would stop the started container.
    ! is_half_stopped "${each%%:*}" || stop_container "$id" || :
    docker_s=20
    until start_container "$id"; do
      read_uptime
      [ "$uptime" -lt "$until" ] || { note why "container $id: $said" && note worse "container:$id" && return 1; }
      sleep 1
    done
  done
}
is_half_stopped() {
  grep -q "step$tab$1${tab}begun" -- "$home/journal" && ! grep -q "step$tab$1${tab}done" -- "$home/journal"
}
wait_until_as_before() {
  looks=0 down=0 last=''
  while [ "$looks" -lt 25 ] && [ "$down" -lt 3 ]; do
    looks=$((looks + 1)) down=$((down + 1))
    if ! compare_units || [ -n "$coming" ]; then
      down=0
    elif [ -z "$worse" ]; then
      down=0
      [ "$invocations" != "$last" ] || return 0
      last=$invocations
    fi
    sleep 1
  done
  note worse "$worse"
  return 1
}

# restore_and_end: move from restoring to none, or after three failures to broken, which needs a person.
restore_and_end() {
  attempts=0
  until restore; do
    attempts=$((attempts + 1))
    [ "$attempts" -lt 3 ] || { await_lock move restoring broken; return 1; }
    sleep 2
  done
  await_lock end_restored
}
end_restored() {
  is restoring || return 0
  [ -z "$gone" ] || note gone "$gone"
  note state restored
  end_transaction restored
  drop_folders
  prune
}

# end_transaction OUTCOME: remove everything of the transaction except its folder. How it ended is on the disk before the
# record of the transaction goes. False, and to be called again, if it is confirmed and cannot be synced.
end_transaction() {
  drop_rooms
  printf '%s\n' "$1" >"$home/outcome" || :
  drop "$base/lease" "$base/holder" "$base/.ran" "$base/.key" "$home/found.tar" "$home/found" "$home"/lease.*
  record_units || :
  write_status idle
  sync_end || [ "$1" != confirmed ] || return 1
  record_event "$1" "$generation" "${moved_for-}"
  rm -f -- "$base/tx/$state"
  sync -- "$base/tx" || :
} 2>/dev/null
sync_end() {
  set --
  for each in "$home/outcome" "$home/journal" "$home" "$base/status" "$base/units" "$base"; do
    [ ! -e "$each" ] || set -- "$@" "$each"
  done
  sync -- "$@"
}

# record_units: record `unit NAME INVOCATION DIGEST` for each unit of the current generation; the digest is that of its
# unit file, or of its template.
record_units() {
  set --
  while IFS= read -r unit; do set -- "$@" "$unit"; done <"$base/current/units"
  present=$(limit=10 && show_units "$@") || return 1
  printf '%s\n' "$present" | awk -F '\t' -v folder="$unit_folder/" '
    FILENAME == ARGV[1] {
      name = substr($1, length(folder) + 1)
      if (index($1, folder) == 1 && !index(name, "/")) digest[name] = $2
      next
    }
    !($1 in digest) && (at = index($1, "@")) { type = $1; sub(/.*\./, ".", type); file = substr($1, 1, at) type }
    $1 in digest { file = $1 }
    file in digest { print "unit", $1, $5, digest[file] }
    { file = "" }
  ' "$base/current/files" - >"$home/seen" && mv -fT -- "$home/seen" "$base/units"
}

# finish: move from confirmed to none. This generation becomes the current one; files written by people that it replaced
# are kept for ever. False, and to be called again, if the disk is full.
finish() {
  is confirmed || return 0
  stamp=$(date -u +%Y%m%dT%H%M%SZ)-$generation
  while IFS=$tab read -r step kind path seen sha _; do
    case "$kind" in write | remove | link) keep_replaced "$step" "$path" "$seen" || leave_room "$step" "$path" ;; esac
  done <"$home/steps"
  drop_rooms
  # Remove drop-in folders that are now empty.
  while IFS=$tab read -r _ kind path _; do
    case "$kind ${path%/*}" in 'remove '*.d) rmdir -- "${path%/*}" 2>/dev/null || : ;; esac
  done <"$home/steps"
  keep_found || :
  echo confirmed >"$home/outcome" || return 1
  ln -sfn -- "gen/$generation" "$home/current" && mv -fT -- "$home/current" "$base/current" || return 1
  end_transaction confirmed || return 1
  prune
}

# keep_found: what was there before the first deploy becomes generation 0. Its archive is kept as an object.
keep_found() {
  [ -f "$home/found.tar" ] && [ ! -L "$base/current" ] && [ ! -d "$base/gen/0" ] || return 0
  digest=$(sha256sum <"$home/found.tar") && digest=${digest%% *} || return
  drop "$home/found"
  mkdir -- "$home/found" && true >"$home/found/steps" && touch -r "$home/steps" -- "$home/found/steps" &&
    printf '%s\t%s\troot:root\t0600\n' "$base/objects/$digest" "$digest" >"$home/found/files" &&
    grep -E '^(fleet|host|target|version|format|machine) ' -- "$home/about" >"$home/found/about" &&
    echo found >"$home/found/outcome" && ln -f -- "$home/found.tar" "$base/objects/$digest" &&
    sync -- "$home/found"/* "$home/found.tar" "$base/objects" && mv -T -- "$home/found" "$base/gen/0"
}

# keep_replaced NUMBER PATH SEEN: keep the old file, unless qtctl had written it: then its content is among the objects.
keep_replaced() {
  name_room "$2"
  old=$room/old-$1
  [ -e "$old" ] || [ -L "$old" ] || return 0
  place=$base
  case "$3" in
    "link:$store/"*) return 0 ;;
    # A folder is only moved, never copied to another file system.
    dir) [ "$(stat -c %d -- "$old")" = "$(stat -c %d -- "$base")" ] || place=${store%/*} ;;
  esac
  digest=${3#sha256:}
  if [ "$digest" != "$3" ] && [ -f "$base/objects/$digest" ]; then
    note kept "$1" "$base/objects/$digest"
    return
  fi
  mkdir -p -- "$place/replaced/$stamp${2%/*}" && mv -T -- "$old" "$place/replaced/$stamp$2" || return 1
  note kept "$1" "$place/replaced/$stamp$2"
}

# leave_room NUMBER PATH: the only copy of a file that a person wrote stays beside its place.
leave_room() {
  left_rooms=$left_rooms$room$newline
  note warning "what was at $2 before could not be kept in $base/replaced: it is in $room/old-$1"
}

# prune: keep the ten newest confirmed generations (0, which was found, is the oldest), the newest of each fleet on this
# host, and the ten newest that were rolled back.
prune() {
  kept=0 others=0 fleets=$newline
  for each in $(ls -1 "$base/gen" | sort -rn); do
    case "$each" in *[!0-9]*) continue ;; esac
    outcome=''
    read -r outcome <"$base/gen/$each/outcome" || :
    case "$outcome" in
      confirmed | found)
        kept=$((kept + 1)) limit_of=$kept
        fleet=$(sed -n 's/^fleet //p' "$base/gen/$each/about")
        case $fleets in *"$newline$fleet$newline"*) ;; *) fleets=$fleets$fleet$newline && continue ;; esac
        ;;
      *) others=$((others + 1)) limit_of=$others ;;
    esac
    [ "$kept" -le 10 ] && [ "$limit_of" -le 10 ] || drop "$base/gen/$each"
  done
  prune_objects
  prune_store
} 2>/dev/null

# prune_objects: remove objects that no generation uses any more. If that cannot be determined, keep all of them.
prune_objects() {
  named=$(cut -s -f 2 -- "$base"/gen/*/files) || return 0
  for each in "$base"/objects/*; do
    [ ! -f "$each" ] || printf 'object %s\n' "${each##*/}"
  done | {
    printf '%s\n' "$named"
    cat
  } | awk '$1 != "object" { named[$1] = 1; next } !($2 in named) { print $2 }' | while IFS= read -r each; do
    drop "$base/objects/$each"
  done
}

# prune_store: take what no kept generation links to out of the store, unless it was made within the last hour: a deploy
# may be about to use it. `drop_pruned` removes it, which takes a while: the lock is held here.
prune_store() {
  set -- "$base"/gen/*/installs
  [ -e "$1" ] || set -- /dev/null
  for each in "$store"/*.seal; do
    [ -f "$each" ] || continue
    each=${each%.seal}
    grep -qF -- "${each##*/}" "$@" && continue
    # 1: not found; anything else: a file could not be read.
    [ $? = 1 ] || continue
    [ -z "$(find "$each.seal" -mmin -60)" ] || continue
    drop "$each.seal"
    mv -T -- "$each" "${store%/*}/build/pruned-${each##*/}" || drop "$each"
  done
}
drop_pruned() { drop "${store%/*}"/build/pruned-*; }
