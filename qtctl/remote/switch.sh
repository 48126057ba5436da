# shellcheck shell=sh disable=SC2154,SC2034,SC2015
# The verbs of a transaction. They are called over the connection of a deploy, by the service that watches over it, and
# at boot. Given: trail.sh, transaction.sh, find.sh, apply.sh, restore.sh.

# run: the service that watches over one transaction. Its worker applies the steps. The host rolls back if the lease
# expires, the worker dies, someone asks for it, or this service is killed and started again.
run() {
  trap '' HUP PIPE
  worker=''
  # Staging holds the lock: if it takes long, this waits for its end.
  await_staged || await_lock drop_unstaged
  ! is applying gating || give_up 'the service that watched over it was killed'
  while is staged armed applying gating restoring confirmed; do
    case "$state" in
      staged) ! is_lease_over || run_locked forget_if_staged ;;
      armed) start_worker ;;
      applying) kill -0 "$worker" 2>/dev/null || ! is applying || give_up 'the process that applied it was killed' ;;
      confirmed) run_locked finish || sleep 1 ;;
      restoring) end_worker && restore_and_end || break ;;
    esac
    ! is armed applying gating || ! is_lease_over || give_up 'nothing watched over it any more'
    case "$state" in staged | armed) sleep 0.05 ;; applying | gating) sleep 0.2 ;; esac
  done
  # systemd starts this service again after a failure: a transaction is never left alone.
  [ ! -d "$home" ] || is_over || { sleep 1 && exit 1; }
}
# is_over: whether there is nothing left to watch. A broken transaction needs a person.
is_over() {
  read_transaction
  [ "$state" != damaged ] && { [ "$number" != "$generation" ] || [ "$state" = broken ]; }
}
# await_staged: this service starts before the transaction exists, so that every transaction is watched. If it is
# refused, its folder goes away.
await_staged() {
  waited=0
  until is staged armed applying gating restoring confirmed; do
    [ -d "$home" ] && [ "$waited" -lt 50 ] || return 1
    waited=$((waited + 1))
    sleep 0.1
  done
}

# drop_unstaged: we hold the lock and there is no transaction, so nobody is staging: the script was killed.
drop_unstaged() {
  read_transaction
  [ -z "$state" ] && [ ! -f "$home/outcome" ] || return 0
  drop_unit_copies
  drop "$home" "$base/lease" "$base/holder"
}
forget_if_staged() { ! is staged || forget_staged; }
start_worker() {
  run_locked move armed applying || return 0
  setsid /bin/sh "$home/transaction.sh" apply "$generation" &
  worker=$!
}
end_worker() {
  [ -z "$worker" ] || ! kill -0 "$worker" 2>/dev/null || { kill -TERM "-$worker" && sleep 0.3 && kill -KILL "-$worker"; } 2>/dev/null
  wait
}
give_up() {
  is armed applying gating || return 0
  note why "$1"
  moved_for=$1
  await_lock turn_back || :
}
turn_back() { ! is armed applying gating || move "$state" restoring; }

# work: the worker. It applies the steps, then moves the transaction to gating or to restoring.
work() {
  sync_objects &
  syncing=$!
  if apply; then
    wait "$syncing" || note warning 'what this generation keeps could not be synced to disk'
    sync_links
    await_lock move applying gating
  else
    note why 'a step failed'
    moved_for='a step failed'
    await_lock move applying restoring
  fi
}

# sync_objects: sync the objects that this generation has made, beside its steps. The move to a new name was their last
# change.
sync_objects() { find "$base/objects" -type f -newercm "$home/word" -exec sync -- '{}' +; }

# confirm: the move from gating to confirmed decides that this generation stays.
confirm() {
  run_locked move gating confirmed || :
  ! is confirmed || run_locked finish
  report 0
}

# go_back: the move to restoring decides that it does not.
go_back() {
  give_up "$1"
  report 0
}

# report OFFSET: print the state, the outcome if it has ended, and the journal from this byte on.
report() {
  read_transaction
  [ "$number" = "$generation" ] || state=none
  outcome=''
  [ "$state" != none ] || read -r outcome <"$home/outcome" || outcome=lost
  printf 'qtctl state %s %s\n' "$state" "${outcome:--}"
  tail -c "+$(($1 + 1))" -- "$home/journal"
} 2>/dev/null

# await OFFSET: the same, once every step has been tried, but after a second at the latest.
await() {
  waited=0
  while is staged armed applying && [ "$waited" -lt 20 ]; do
    sleep 0.05
    waited=$((waited + 1))
  done
  report "$1"
}

# hold SECONDS: renew the lease as long as someone reads this output.
hold() {
  read_uptime
  end=$((uptime + $1)) held=0
  while is armed applying gating && [ "$uptime" -lt "$end" ]; do
    printf . || exit 1
    renew_lease
    held=$((held + 1))
    [ $((held % 5)) != 0 ] || show_lease
    sleep 1
  done
}

# show_lease: write the lease into the status, where everyone can see that the deploy is being watched.
show_lease() {
  (
    flock -n 9 || exit 0
    ! is armed applying gating || write_status "$state"
  ) 9>>"$base/lock"
}

# boot: finish or roll back what a power cut or a crash left, before any unit of the fleet is started.
boot() {
  read_transaction
  [ -z "$damage" ] || { run_locked repair_record && read_transaction; }
  [ -z "$damage" ] || exit 0
  [ -n "$state" ] || { drop_unfinished; drop_unit_copies; drop "$base/lease" "$base/holder" "$base/.key"; exit 0; }
  use_generation "$number" :
  case "$state" in
    staged) await_lock forget_if_staged || : ;;
    confirmed) await_lock finish && drop_pruned || : ;;
  esac
  case "$state" in staged | confirmed) exit 0 ;; esac
  moved_for='the host went down'
  [ "$state" = restoring ] || { note why "$moved_for" && run_locked move "$state" restoring; }
  read_steps
  restore_files
  restore_links
  run_systemctl daemon-reload || :
  queue_units
  run_systemctl start --no-block qtctl-restore-verify.service || :
}

# queue_units: systemd has planned this boot with the links and units of the generation that was just rolled back.
queue_units() {
  while IFS=$tab read -r unit load active _ _ type _; do
    if is_up "$active" && [ "$type" != oneshot ]; then
      run_systemctl start --no-block -- "$unit" || :
    elif is_touched "$unit"; then
      run_systemctl stop --no-block -- "$unit" || :
    fi
  done <"$home/baseline"
}

# verify: check that what was up before is up again.
verify() {
  read_transaction
  [ "$state" = restoring ] || exit 0
  use_generation "$number" :
  read_steps
  units_touched=$newline units_stopped=$newline
  if load_old && bring_back; then await_lock end_restored; else await_lock move restoring broken; fi
}

# recover PERSON: roll back again after a failed rollback, or if nothing on the host ends the transaction. Only one at a
# time.
recover() {
  find_login
  exec 8>>"$home/recovering"
  flock -n 8 || { report 0; return; }
  moved_for="recover by $1, logged in as $login"
  if is armed applying gating && is_stuck; then
    give_up "$moved_for"
    run_systemctl stop -- "qtctl-deploy-$generation.service" || :
  fi
  await_lock move broken restoring || :
  ! is staged || ! is_stuck || await_lock forget_if_staged
  ! is confirmed || await_lock finish
  ! is restoring || is_watched_over || restore_and_end || :
  report 0
}

# is_stuck: whether nothing on the host has watched over the transaction for the length of a lease.
is_stuck() {
  is_watched_over || return 0
  read_uptime
  read -r of_boot until <"$base/lease" || return 1
  [ "$of_boot" != "$boot" ] || [ "$uptime" -gt $((until + lease_s)) ]
} 2>/dev/null
is_watched_over() {
  for each in "qtctl-deploy-$generation.service" qtctl-restore.service qtctl-restore-verify.service; do
    # No answer is no reason to take a deploy from the service that watches over it.
    case $(timeout 10 systemctl is-active -- "$each") in inactive | failed | unknown) ;; *) return 0 ;; esac
  done
  return 1
}

# accept PERSON: keep the host as it is now: a person has repaired it by hand. Not while another person recovers it.
accept() {
  find_login
  exec 8>>"$home/recovering"
  flock -n 8 || { report 0; return; }
  moved_for="accepted by $1, logged in as $login"
  await_lock end_accepted || :
  report 0
}
end_accepted() {
  is broken && move broken restoring && is restoring || return 0
  note state accepted
  end_transaction accepted
}

verb=$1
case "$verb" in
  boot | verify) "$verb" ;;
  run | confirm) use_generation "$2" "$verb" ;;
  recover | accept) use_generation "$2" "$verb" "$3" ;;
  apply) use_generation "$2" work ;;
  go-back) use_generation "$2" go_back "$3" ;;
  report | await | hold) use_generation "$2" "$verb" "$3" ;;
esac
case "$verb" in run | verify | recover | accept) drop_pruned ;; esac
