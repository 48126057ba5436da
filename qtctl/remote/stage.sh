# shellcheck shell=sh disable=SC2154,SC2034,SC2015,SC2030,SC2031
# Stages a generation as root and arms it. Whatever can fail should fail here, before anything is changed.
#
# Given: trail.sh, transaction.sh, ran.sh, docker.sh, way.sh, base, most, unit_folder, holder (whose deploy it is), and
# `unpack`, which writes to $home the files steps, files, installs, units, sees, word, about, trail, fields,
# transaction.sh and content/NUMBER.
say() { printf 'qtctl %s\n' "$*"; }

# refuse NUMBER REASON...: NUMBER is the step that cannot be carried out, or -. Nothing was changed.
refuse() {
  say refused "$@"
  clear_up
  exit 77
}
made='' begun=no
# clear_up: not to be stopped halfway. What it starts ignores these signals, too.
clear_up() {
  [ "$begun" = no ] || return 0
  trap '' HUP INT PIPE TERM
  [ "$home" = "$base/gen/none" ] || forget_staged
  printf '%s' "$made" | while IFS= read -r each; do rmdir -- "$each" 2>/dev/null || :; done
}

# make_folder FOLDER [MODE]: make it, with its parents, in a folder that was checked: nobody else can make it first.
make_folder() {
  [ -d "$1" ] && return
  case "$1" in */*/*) make_folder "${1%/*}" ;; esac
  mkdir -m "${2:-0755}" -- "$1" || refuse - "$1 could not be made"
  made="$1
$made"
}
check_way() { is_trusted "$1" || { say unsafe && refuse "$2" "$why, on the way to $3"; }; }

# prepare_base: make the base folder, and check that only root can open the lock. An earlier version made the folder
# unreadable, so that an audit could not see the status in it.
prepare_base() {
  home=$base/gen/none
  check_way "$base" - "$base"
  make_folder "$base" 0711
  for each in objects gen tx replaced; do make_folder "$base/$each" 0700; done
  [ "$(stat -c %a -- "$base")" = 711 ] ||
    { chmod 0700 -- "$base/objects" "$base/gen" "$base/tx" "$base/replaced" && chmod 0711 -- "$base"; } ||
    refuse - "$base could not be given mode 0711"
  made=''
  if [ -e "$base/lock" ] || [ -L "$base/lock" ]; then
    is=$(stat -c '%F, %U:%G, mode %a' -- "$base/lock") || refuse - "$base/lock could not be read"
    case "$is" in
      'regular '*'file, root:'*', mode 600') ;;
      *) refuse - "$base/lock is not the lock that qtctl made (a regular file owned by root, mode 600): $is" ;;
    esac
  fi
}

# choose_number: set `generation` to the number after the highest that was ever given. The trail of this host has events of
# generations that are gone.
choose_number() {
  read -r generation 2>/dev/null <"$base/last" || generation=0
  case "$generation" in '' | 0* | *[!0-9]* | ??????????*) generation=0 ;; esac
  for each in "$base"/gen/*; do
    each=${each##*/}
    case "$each" in '' | *[!0-9]*) continue ;; esac
    [ "$each" -le "$generation" ] || generation=$each
  done
  generation=$((generation + 1))
  printf '%s\n' "$generation" >"$base/last" || refuse - "$base: no space"
  home=$base/gen/$generation
}

copy_label() {
  [ ! -e /sys/fs/selinux/enforce ] || [ -L "$1" ] || [ ! -f "$1" ] || chcon --reference="$1" -- "$2"
}
# copy_time OLD NEW: give the new file the time of the old one plus a microsecond, so that no process is older than what
# it has read.
copy_time() {
  at=$(stat -c %.9Y -- "$1") || return 1
  seconds=${at%.*} nano=$((1${at#*.} - 1000000000 + 1000))
  [ "$nano" -lt 1000000000 ] || { seconds=$((seconds + 1)) nano=$((nano - 1000000000)); }
  touch -d "@$seconds.$(printf %09d "$nano")" -- "$2"
}

# prepare NUMBER PATH SEEN NEW OWNER MODE TIME: put the new file into a room beside its place. NEW is the digest of its
# content, link:TARGET, or -. TIME is no, yes (that of the old file) or at:SECONDS.
prepare() {
  folder=${2%/*}
  check_way "${folder:-/}" "$1" "$2"
  look_at "$2" || refuse "$1" "$2 could not be read"
  [ "$there" = "$3" ] || refuse "$1" "$2 has changed since this was planned: plan again"
  make_folder "${folder:-/}"
  name_room "$2"
  [ -d "$room" ] || mkdir -m 0700 -- "$room" || refuse "$1" "nothing could be written in ${folder:-/}"
  # A hard link keeps the old inode with its times, owner and label: going back is a rename, which needs no space.
  case "$3" in absent | dir) ;; *) ln -P -- "$2" "$room/old-$1" && drop "$room/old-$1" ||
    refuse "$1" "$2 cannot be replaced: it is immutable, or a mount" ;; esac
  copy=$room/new-$1
  case "$4" in
    -) return 0 ;;
    link:*) prepare_link "$1" "$2" "$3" "${4#link:}" && return 0 ;;
  esac
  cp -- "$home/content/$1" "$copy" || refuse "$1" "no space for a copy beside $2"
  [ "$(sha256sum <"$copy")" = "$4  -" ] || refuse "$1" "the staged copy of $2 is damaged"
  chown -h -- "$5" "$copy" && chmod -- "$6" "$copy" || refuse "$1" "$2 could not be given to $5 with mode $6"
  copy_label "$2" "$copy" || refuse "$1" "the new $2 could not be given the security label of the old one"
  case "$7" in
    yes) copy_time "$2" "$copy" ;;
    at:*) touch -d "@${7#at:}" -- "$copy" ;;
  esac || refuse "$1" "$2 could not be given its time"
  cmp -s -- "$home/content/$1" "$base/objects/$4" || mv -f -- "$home/content/$1" "$base/objects/$4" || refuse "$1" "$base/objects: no space"
}

# prepare_link NUMBER PATH SEEN TARGET: a link into the store may replace a link or a folder.
prepare_link() {
  case "$4" in "$store"/*)
    [ -f "$4.seal" ] && [ -d "$4" ] || refuse "$1" "$4, which $2 would link to, is no longer on the host: deploy again"
    ;;
  esac
  [ "$3" != dir ] || [ "$(stat -c %d -- "$2")" = "$(stat -c %d -- "$2/..")" ] ||
    refuse "$1" "$2 is a mount point, and cannot be replaced"
  ln -s -- "$4" "$copy" || refuse "$1" "no space for a copy beside $2"
}

# prepare_folder NUMBER PATH SEEN
prepare_folder() {
  check_way "$2" "$1" "$2"
  look_at_folder "$2"
  # If it was absent, it has been made since, for what goes into it.
  [ "$3" = absent ] || [ "$there" = "$3" ] || refuse "$1" "$2 has changed since this was planned: plan again"
}

# keep_objects: also keep files that this generation uses without writing them, so that it can be rolled back to: copies
# of files that are in place, and the sent content of others.
keep_objects() {
  lacking=no
  while IFS=$tab read -r path sha _; do
    # A power cut may have left an empty one.
    [ ! -s "$base/objects/$sha" ] || continue
    if [ -f "$path" ] && [ ! -L "$path" ] && cp -- "$path" "$home/object" && [ "$(sha256sum <"$home/object")" = "$sha  -" ]; then
      mv -- "$home/object" "$base/objects/$sha"
    else
      lacking=yes
    fi
  done <"$home/files"
  [ "$lacking" = no ] || keep_sent
}
keep_sent() {
  for each in "$home"/content/*; do
    [ -f "$each" ] || continue
    sent=$(sha256sum <"$each")
    sent=${sent%% *}
    ! cut -f 2 -- "$home/files" | grep -qxF "$sent" || [ -s "$base/objects/$sent" ] || mv -f -- "$each" "$base/objects/$sent"
  done
}

# look_at_units: ask systemd once about all units. Record their state for a rollback, and check that their drop-ins, and
# whether systemd needs a reload for them, are as they were when this was planned: a newer drop-in would take effect
# with the reload, although nobody was shown it.
look_at_units() {
  cut -f 1 -- "$home/units" "$home/loaded" 2>/dev/null | sort -u >"$home/asked"
  set --
  while IFS= read -r unit; do set -- "$@" "$unit"; done <"$home/asked"
  said=''
  [ $# -eq 0 ] || run_systemctl show -p LoadState -p ActiveState -p SubState -p InvocationID -p Type -p RemainAfterExit \
    -p NeedDaemonReload -p DropInPaths -p NRestarts -p ActiveEnterTimestampMonotonic -- "$@" || refuse - "systemd did not report the state of the units: $said"
  [ -f "$home/loaded" ] || true >"$home/loaded"
  up=$(cut -d ' ' -f 1 /proc/uptime)
  changed=$(printf '%s\n' "$said" | awk -F "$tab" -v OFS="$tab" -v units="$home/units" -v baseline="$home/baseline" -v up="$up" '
    # Up only since systemd restarted it seconds ago: it fails again and again, and is recorded as it mostly is.
    function is_looping() { return value("NRestarts") > 0 && up * 1000000 - value("ActiveEnterTimestampMonotonic") < 10000000 }
    function find_active() { return value("ActiveState") == "active" && is_looping() ? "activating" : value("ActiveState") }
    function value(key) { return (number[$1], key) in said && said[number[$1], key] != "" ? said[number[$1], key] : "-" }
    FILENAME == ARGV[1] { number[$1] = FNR; next }
    FILENAME == ARGV[2] { planned[$1] = $2 " " ($3 == "-" ? "" : $3); next }
    FNR == 1 { block = 1 }
    $0 == "" { block++; next }
    { at = index($0, "="); said[block, substr($0, 1, at - 1)] = substr($0, at + 1) }
    END {
      printf "" >baseline
      while ((getline <units) > 0)
        print $1, value("LoadState"), find_active(), value("SubState"), value("InvocationID"), value("Type"), value("RemainAfterExit") >baseline
      for (unit in planned)
        if (said[number[unit], "NeedDaemonReload"] " " said[number[unit], "DropInPaths"] != planned[unit]) { print unit; exit }
    }' "$home/asked" "$home/loaded" -) && [ -f "$home/baseline" ] || refuse - "$base: no space"
  [ -z "$changed" ] || refuse - "$changed: its files or drop-ins were changed since this was planned"
  drop "$home/asked"
}

# record_links: record the links, and what processes have read, for a rollback.
record_links() {
  list_links "$unit_folder" >"$home/links"
  keep_records
}

# install_boot_units: install the units that finish an interrupted transaction at boot. They stay installed. On the
# first deploy of a host they come before the transaction.
install_boot_units() {
  cp -- "$home/transaction.sh" "$home/boot.sh" && sync -- "$home/boot.sh" &&
    mv -fT -- "$home/boot.sh" "$base/transaction.sh" || refuse - "$base: no space"
  write_restore_unit >"$home/unit" && install_unit qtctl-restore.service
  write_verify_unit >"$home/unit" && install_unit qtctl-restore-verify.service
  drop "$home/unit"
  wants=$unit_folder/sysinit.target.wants
  [ -L "$wants/qtctl-restore.service" ] || {
    [ -d "$wants" ] || mkdir -m 0755 -- "$wants"
    ln -sfn -- ../qtctl-restore.service "$wants/qtctl-restore.service"
  } || refuse - "$wants/qtctl-restore.service could not be made"
}
install_unit() {
  cmp -s -- "$home/unit" "$unit_folder/$1" || {
    copy=$unit_folder/.$1
    # The first time, half a unit after a power cut does no harm, but a leftover copy would.
    [ -e "$unit_folder/$1" ] || copy=$unit_folder/$1
    cp -- "$home/unit" "$copy" && chmod 0644 -- "$copy" && sync -- "$copy" &&
      { [ "$copy" = "$unit_folder/$1" ] || mv -fT -- "$copy" "$unit_folder/$1"; } || refuse - "$unit_folder/$1 could not be written"
  }
}
write_restore_unit() {
  printf '%s\n' '# Written by qtctl: ends a deploy that a power cut or a crash of this host cut short.' '[Unit]' \
    'Description=Restore what an unfinished deploy of qtctl changed' 'DefaultDependencies=no' \
    "ConditionPathExistsGlob=|$base/tx/*" "ConditionPathExists=|$base/lease" "ConditionPathExists=|$base/holder" \
    "RequiresMountsFor=$base $unit_folder /etc$(list_link_folders)" \
    'After=systemd-remount-fs.service local-fs.target' 'Before=sysinit.target shutdown.target' \
    'Conflicts=shutdown.target' '[Service]' 'Type=oneshot' "ExecStart=/bin/sh $base/transaction.sh boot" \
    'TimeoutStartSec=120' '[Install]' 'WantedBy=sysinit.target'
}
# list_link_folders: the folders of links into the store, which are restored at boot too.
list_link_folders() {
  while IFS=$tab read -r _ kind path _; do
    [ "$kind" != link ] || printf ' "%s"' "$(printf '%s' "${path%/*}" | sed -e 's/[\"]/\\&/g' -e 's/%/%%/g')"
  done <"$home/steps"
}
write_verify_unit() {
  printf '%s\n' '# Written by qtctl: compares what was restored at boot with what was there before.' '[Unit]' \
    'Description=Verify what qtctl restored at boot' 'After=default.target multi-user.target' '[Service]' \
    'Type=oneshot' "ExecStart=/bin/sh $base/transaction.sh verify" 'TimeoutStartSec=infinity'
}

sync_room() { sync -- "$1" "$1"/* 2>/dev/null || :; }

# begin: make the generation's folder, and start a service that removes it if this script does not finish.
begin() {
  drop_unfinished
  choose_number
  mkdir -- "$home" || refuse - "$home could not be made"
  unpack && read -r word <"$home/word" && sign_trail || refuse - "$base: no space, or the archive is damaged"
  true >"$home/journal" && printf '%s\n' "$holder" >"$home/holder" || refuse - "$base: no space"
  watcher=$(systemd-run --quiet --collect --unit="qtctl-deploy-$generation" -p Restart=on-failure -p RestartSec=200ms \
    -p StartLimitIntervalSec=0 -p KillMode=mixed -- /bin/sh "$home/transaction.sh" run "$generation" 9>&- 2>&1) ||
    refuse - "the service that watches over the deploy could not be started: $watcher"
  [ -L "$unit_folder/sysinit.target.wants/qtctl-restore.service" ] || install_boot_units
  renew_lease && printf '%s\n' "$holder" >"$base/holder" && printf '%s\n' "$generation" >"$home/number" && sync -- "$home/number" ||
    refuse - "$base: no space"
  mv -T -- "$home/number" "$base/tx/staged" && sync -- "$base/tx" || refuse - "$base: no space"
  write_status staged
  install_boot_units
}

# keep_lease: renew the lease while staging, which can take longer than a lease.
keep_lease() {
  read_uptime
  [ "$uptime" -lt $((leased + 3)) ] || { renew_lease && leased=$uptime; }
}
leased=0

# wait_for_lock: false if it is not free in time. A deploy that is being staged, which $base/holder names, can hold it
# for long and is not waited for; all else ends soon, such as a secret that is being put.
wait_for_lock() {
  flock -w 1 9 && return
  [ ! -f "$base/holder" ] && flock -w 10 9
}

take_lock() {
  wait_for_lock && return
  [ -f "$base/holder" ] || { say locked && refuse - "$base/lock is held"; }
  say busy "$(head -c 200 -- "$base/holder" 2>/dev/null)"
  refuse - "another deploy is being staged"
}

stage() {
  trap clear_up EXIT
  trap '' HUP PIPE
  trap 'refuse - interrupted' INT TERM
  prepare_base
  exec 9>>"$base/lock" || refuse - "$base/lock could not be opened"
  take_lock
  read_transaction
  [ "$state" != staged ] || use_generation "$number" forget_staged
  read_transaction
  [ -z "$damage" ] || { say damaged "$damage" && refuse - "$damage"; }
  [ "$state" != broken ] || { say broken "$number" && refuse - "generation $number is broken"; }
  [ -z "$state" ] || { say busy "$(head -c 200 -- "$base/holder" 2>/dev/null)" && refuse - "generation $number is $state"; }
  begin
  while IFS=$tab read -r step kind path seen sha owner mode keep; do
    keep_lease
    case "$kind" in
      stop-container) docker_s=10 && can_stop_container "$seen" || refuse "$step" "container $path: $said" ;;
      write | remove | link) prepare "$step" "$path" "$seen" "$sha" "$owner" "$mode" "$keep" ;;
      folder) prepare_folder "$step" "$path" "$seen" ;;
    esac
  done <"$home/steps"
  look_at_units
  keep_objects
  record_links
  drop "$home/content"
  sync -- "$home" "$home"/* "$base/objects" "$base/last" "$unit_folder" || refuse - "the new files could not be synced to disk"
  for_each_room sync_room
  # What follows is not undone by `refuse`.
  trap '' INT TERM
  begun=yes
  renew_lease && move staged armed || { begun=no && refuse - "it took too long, or $base has no space"; }
  say armed "$generation"
}
