# shellcheck shell=sh disable=SC2154,SC2034,SC2086,SC2015,SC2016,SC2317
# The helper: what root does on a host for an account that sudo allows to run this program and no other.
#
# Its one argument is a verb. Everything else comes over standard input as data: a head of 40 bytes (`qtctl`, the
# version that the caller expects, how many bytes follow) and those bytes. It has the scripts of a deploy itself and
# accepts none.
#
# Given: version, base, store, unit_folder, lease_s, most, config (a folder of root's with what the fleets on this host
# may have), compile (helper.awk), functions lib_NAME, each of which defines the functions of a script,
# transaction_text, which prints transaction.sh without its first line, and mark, with which generated files begin.
helper_tab=$(printf '\t')
helper_newline='
'

helper_refuse() {
  printf 'qtctl-helper: %s\n' "$*" | tr -d '\000-\010\013-\037\177' | head -c 500 >&2
  exit 65
}

helper_main() {
  [ "$1" != call ] || helper_call "$@"
  printf 'qtctl: root\n' >&2
  cd / && umask 077
  case $1 in
    evidence | read | stage | transaction | ran | secrets | store | control) helper_read_head && "helper_$1" ;;
    start | stop | restart | reload | reset-failed | kill) helper_run_systemctl "$1" ;;
    version) printf '%s\n' "$version" ;;
    *) helper_refuse 'unknown verb' ;;
  esac
}

# helper_read_head: check the head, and set `size` to the number of bytes that follow.
helper_read_head() {
  IFS=' ' read -r word asked size rest <<END
$(head -c 40 | tr -d '\0')
END
  [ "$word" = qtctl ] || helper_refuse 'this is not a request from qtctl'
  [ "$asked" = "$version" ] || {
    printf 'qtctl-helper: version %s is installed, but the request needs version %.20s\n' "$version" "$asked" >&2
    exit 78
  }
  case $size in '' | *[!0-9]* | ??????????*) helper_refuse 'the size of the request is missing or invalid' ;; esac
}

# helper_compile_calls: set `code` to the calls of the request as sh text.
helper_compile_calls() {
  [ "$size" -le 4000000 ] || helper_refuse 'the request is too large'
  data=$(head -c "$size" | tr -d '\0')
  code=$(printf '%s\n' "$data" | awk "$compile") || helper_refuse "the request is not allowed: ${code##*"$helper_newline"}"
}

helper_evidence() {
  helper_compile_calls
  lib_attached
  eval "$code"
}

# helper_as_caller LIBRARY FUNCTION ARGUMENT...: call a function that reads files which the caller names, as the account
# that asks.
helper_as_caller() {
  helper_find_caller
  runuser -u "$caller" -- /usr/bin/env -i "PATH=$PATH" LC_ALL=C /bin/sh "$helper" call "$@"
}
helper_find_caller() {
  case ${SUDO_UID:-0} in 0) caller=nobody ;; *) caller=${SUDO_USER:-nobody} ;; esac
}
helper_call() {
  cd / || exit
  shift
  "lib_$1"
  shift
  "$@"
  exit
}

# helper_run_on_files SECONDS PROGRAM FILE... -maxdepth OPTION...: run a program that reads files: as root on files of
# the fleets that hold no secret, as the account that asks on all others.
helper_run_on_files() {
  helper_load_rules
  helper_find_caller
  within=$1 program=$2 ours='' theirs=''
  shift 2
  while [ "$1" != -maxdepth ]; do
    if helper_is_readable "$1"; then ours=$ours$helper_newline$1; else theirs=$theirs$helper_newline$1; fi
    shift
  done
  set -f
  IFS=$helper_newline
  [ -z "$ours" ] || (qtctl_timed "$within" "$program" $ours "$@")
  [ -z "$theirs" ] || (qtctl_timed "$within" runuser -u "$caller" -- "$program" $theirs "$@")
}

helper_read() {
  helper_compile_calls
  helper_load_rules
  lib_attached
  eval "$code"
}

helper_transaction() {
  [ "$size" -le 4000 ] || helper_refuse 'the request is too large'
  IFS=$helper_tab read -r verb number about <<END
$(head -c "$size" | tr -d '\000-\010\012-\037\177')
END
  case $verb in
    find | repair | forget)
      lib_trail
      lib_transaction
      lib_find
      "${verb}_transaction" "$about"
      exit
      ;;
  esac
  case $number in '' | *[!0-9]* | ??????????*) helper_refuse 'not the number of a generation' ;; esac
  script=$base/gen/$number/transaction.sh
  [ -f "$script" ] || helper_refuse "generation $number is not on this host"
  case $verb in
    confirm) exec /bin/sh "$script" confirm "$number" ;;
    go-back | recover | accept) exec /bin/sh "$script" "$verb" "$number" "$about" ;;
    report | await | hold)
      case $about in '' | *[!0-9]* | ??????????*) helper_refuse 'not a number' ;; esac
      exec /bin/sh "$script" "$verb" "$number" "$about"
      ;;
    *) helper_refuse 'unknown verb of a transaction' ;;
  esac
}

# helper_load_rules: set `rules` to what the fleets on this host may have, read from files that only root can write.
helper_load_rules() {
  [ -z "${rules-}" ] || return 0
  lib_way
  is_trusted "$config" || helper_refuse "$why, on the way to $config"
  rules=$(find "$config/" -maxdepth 1 -type f ! -name '.*' -uid 0 ! -perm /022 -exec cat -- '{}' +) || rules=''
}

# helper_is_of_fleet UNIT: whether the name belongs to one of the fleets.
helper_is_of_fleet() {
  case $1 in '' | -* | .* | *[!A-Za-z0-9:_.@\\-]*) return 1 ;; ?*.?*) ;; *) return 1 ;; esac
  set -f
  IFS=$helper_newline
  for rule in $rules; do
    case $rule in 'unit '*) ;; *) continue ;; esac
    # shellcheck disable=SC2254 # a pattern
    case $1 in ${rule#unit }) unset IFS && set +f && return ;; esac
  done
  unset IFS
  set +f
  return 1
}

# helper_is_written PATH: whether a deploy may write it: it is a unit, a drop-in or a file of the fleets.
helper_is_written() {
  case $1/ in [!/]* | *//* | */./* | */../*) return 1 ;; esac
  case $1 in *[[:cntrl:]]*) return 1 ;; esac
  ! helper_is_unit_file "$1" && ! helper_is_stamp "$1" || return 0
  set -f
  IFS=$helper_newline
  for rule in $rules; do
    case $rule in
      "file $1") unset IFS && set +f && return ;;
      'folder '*) case $1 in "${rule#folder }"/*) unset IFS && set +f && return ;; esac ;;
    esac
  done
  unset IFS
  set +f
  return 1
}

# helper_is_readable PATH: whether it is a file of the fleets without secrets, one that qtctl makes. The folder of env
# files holds other files too.
helper_is_readable() {
  ! helper_is_unit_path "$1" || return 0
  # What holds until the next boot, as from `set-property --runtime`.
  case $1 in /run/systemd/system/*.d/*.conf | /run/systemd/system.control/*.d/*.conf) ! helper_is_unit_path "/etc${1#/run}" || return 0 ;; esac
  helper_is_written "$1" || return 1
  case $helper_newline$rules$helper_newline in *"${helper_newline}file $1$helper_newline"*) return 0 ;; esac
  is_trusted "${1%/*}" && [ ! -L "$1" ] && [ -f "$1" ] || return 1
  [ "$(head -c ${#mark} -- "$1" 2>/dev/null | tr -d '\0')" = "$mark" ]
}

# helper_is_folder PATH: whether qtctl writes files in this folder.
helper_is_folder() {
  [ "$1" != "$unit_folder" ] || return 0
  case $helper_newline$rules$helper_newline in *"${helper_newline}folder $1$helper_newline"*) ;; *) return 1 ;; esac
  is_trusted "$1"
}

# helper_guard KIND WORD...: called before a function that reads files or journals.
helper_guard() {
  guarded=$1
  helper_load_rules
  shift
  for each; do
    case $guarded in
      readable) helper_is_readable "$each" ;;
      folders) helper_is_folder "$each" ;;
      listed) helper_is_listed "$each" ;;
      *) helper_is_of_fleet "$each" ;;
    esac || {
      printf 'qtctl-helper: this host was not prepared for %s: see `qtctl host prepare`\n' "$each" >&2
      return 1
    }
  done
}

# helper_restrict_checks: search files for lines only as the account that asks, which sudo names.
helper_restrict_checks() {
  helper_find_caller
  has_line() {
    if [ -L "$1" ] || [ ! -f "$1" ]; then
      echo no
      return
    fi
    runuser -u "$caller" -- test -r "$1" || refuse "$1 cannot be read by this account"
    runuser -u "$caller" -- timeout 2 grep -Fxq -e "$2" -- "$1" </dev/null 2>/dev/null && status=0 || status=$?
    case $status in
      0) echo yes ;;
      1) echo no ;;
      *) refuse "$1 could not be read in 2 s (grep: exit status $status)" ;;
    esac
  }
}

# helper_restrict_env_files: print digests only of values that qtctl has written.
helper_restrict_env_files() {
  may_digest() {
    helper_load_rules
    helper_is_readable "$1" || {
      why='this host was not prepared to show what is in it'
      return 1
    }
  }
}

helper_stage() {
  [ "$size" -le 67108864 ] || helper_refuse 'the deploy is larger than 64 MiB'
  helper_load_rules
  lib_trail
  lib_transaction
  lib_ran
  lib_docker
  lib_stage
  # Staging takes the lock once all of the archive is here: a connection may stop in the middle of it.
  archive=$(head -c "$size" | base64)
  unpack() {
    printf '%s\n' "$archive" | base64 -d | tar -x -m -C "$home" --no-same-owner --no-same-permissions -f - && helper_check_unpacked
  }
  stage
}

# helper_ran: print which processes have read the current files, without any digest.
helper_ran() {
  [ "$size" -le 4000000 ] || helper_refuse 'the request is too large'
  limit=30
  lib_transaction
  lib_ran
  head -c "$size" | tr -d '\0' | read_ran
}

# helper_check_unpacked: check that the archive has only regular files, with the names and contents of a deploy.
helper_check_unpacked() {
  odd=$(find "$home" -mindepth 1 ! -path "$home/content" '(' ! -type f -o -links +1 ')' -printf '%P' -quit)
  [ -z "$odd" ] && [ ! -L "$home/content" ] || refuse - "the archive has something that is not a regular file: $odd"
  for each in "$home"/* "$home"/.[!.]* "$home"/content/* "$home"/content/.[!.]*; do
    [ -e "$each" ] || continue
    case ${each#"$home/"} in
      steps | files | installs | units | sees | loaded | pools | desired.json.gz | found.tar | word | about | trail | fields | limit | holder | content) ;;
      content/*[!0-9]* | content/) refuse - 'the archive has a file with an unexpected name' ;;
      content/*) ;;
      *) refuse - 'the archive has a file with an unexpected name' ;;
    esac
  done
  read -r word <"$home/word" && read -r limit <"$home/limit" && IFS= read -r holder <"$home/holder" || return
  case $word in '' | *[!0-9a-f]*) refuse - 'the word of the deploy is damaged' ;; esac
  case $limit in '' | *[!0-9]* | ??????*) refuse - 'the limit of the deploy is damaged' ;; esac
  holder=$(printf %s "$holder" | tr -d '[:cntrl:]' | head -c 200)
  helper_check_trail || refuse - 'the description of the deploy is damaged'
  helper_check_steps
  helper_check_lists
  {
    printf 'base=%s store=%s unit_folder=%s lease_s=%s limit=%s most=%s\n' \
      "$base" "$store" "$unit_folder" "$lease_s" "$limit" "$most"
    transaction_text
  } >"$home/transaction.sh"
}

# helper_check_trail: the audit trail takes what the caller says about themselves. What happened, when, and which
# account it was comes from the host: the caller's data may not have fields with these names.
helper_member='"[a-z_]+":"([] !#-[^-~]|\\.)*"' helper_own='at|event|generation|login|why'
helper_check_trail() {
  for each in trail fields about; do [ "$(wc -c <"$home/$each")" -le 20000 ] || return; done
  ! grep -qvE "^$helper_member(,$helper_member)*\$" -- "$home/trail" && ! grep -qE "\"($helper_own)\":" -- "$home/trail" &&
    ! grep -qv '^DEPLOY_[A-Z_]*=' -- "$home/fields" && ! grep -qiE "^DEPLOY_($helper_own)=" -- "$home/fields"
}

# helper_check_steps: check that each step has a known kind, and concerns a unit or a file of the fleets.
helper_check_steps() {
  unprepared='which this host was not prepared for: see `qtctl host prepare`'
  while IFS=$helper_tab read -r step kind subject seen sha owner mode keep more; do
    unset IFS
    case $step in '' | *[!0-9]*) refuse - 'a step has no number' ;; esac
    case $kind in
      remove) helper_is_written "$subject" || helper_is_unit_path "$subject" || refuse "$step" "it would remove $subject, $unprepared" ;;
      write | sysusers | tmpfiles) helper_is_written "$subject" || refuse "$step" "it would write $subject, $unprepared" ;;
      link) { helper_is_unit_link "$subject" "${sha#link:}" || helper_check_link "$subject" "${sha#link:}"; } && sha=- ;;
      folder)
        helper_is_unit_path "$subject" || refuse "$step" "it would make $subject, $unprepared"
        case $owner:$mode in root:root:[0-7][0-7][0145][0145] | root:root:[0-7][0145][0145]) ;; *) refuse "$step" "$subject would not belong to root alone" ;; esac
        ;;
      stop-container) helper_is_container "$seen" || refuse "$step" "container $subject: ${why:-it would be stopped, $unprepared}" ;;
      daemon-reload) ;;
      start | stop | restart | reload | reset-failed | enable | disable)
        helper_is_of_fleet "$subject" || refuse "$step" "it would $kind $subject, $unprepared"
        ;;
      *) refuse "$step" 'the kind of the step is unknown' ;;
    esac
    case $sha in - | ????????????????????????????????????????????????????????????????) ;; *) refuse "$step" 'not a digest' ;; esac
    case $sha in -) ;; *[!0-9a-f]*) refuse "$step" 'not a digest' ;; esac
    case $owner in -) ;; *[!A-Za-z0-9_.:@\$-]* | -* | *:*:* | :* | *:) refuse "$step" 'not an owner and group' ;; *:*) ;; *) refuse "$step" 'not an owner and group' ;; esac
    case $mode in - | [0-7][0-7][0-7] | 0[0-7][0-7][0-7]) ;; *) refuse "$step" "not the mode of a file: $mode" ;; esac
    case $keep in at:*) keep=${keep#at:} && case ${keep#-} in '' | *[!0-9.]*) keep=damaged ;; *) keep=no ;; esac ;; esac
    case "$kind $subject" in 'write /var/lib/systemd/timers/'*) [ "$sha" = "$empty_sha" ] || refuse "$step" 'the stamp of a timer must be empty' ;; esac
    case $keep$more in yes | no) ;; *) refuse "$step" 'the step is damaged' ;; esac
  done <"$home/steps"
}

# helper_check_link PATH TARGET: check that it is a link of the fleets into what root has installed.
helper_check_link() {
  case "$helper_newline$rules$helper_newline" in
    *"${helper_newline}link $1$helper_newline"*) ;;
    *) refuse "$step" "it would make $1 a link, $unprepared" ;;
  esac
  case $2 in
    *[!A-Za-z0-9/_.-]* | */./* | */../* | */.. | *//*) refuse "$step" "it would make $1 a link to a place outside the store" ;;
    "$store"/?*) ;;
    *) refuse "$step" "it would make $1 a link to a place outside the store" ;;
  esac
}

# helper_check_lists: check that the listed units and files are plain names and paths.
helper_check_lists() {
  while IFS= read -r unit; do
    case $unit in '' | -* | *[!A-Za-z0-9:_.@\\-]*) refuse - 'not the name of a unit' ;; esac
  done <"$home/units"
  [ ! -e "$home/loaded" ] || while IFS=$helper_tab read -r unit _; do
    case $unit in '' | -* | *[!A-Za-z0-9:_.@\\-]*) refuse - 'not the name of a unit' ;; esac
  done <"$home/loaded"
  [ ! -e "$home/pools" ] || while IFS=$helper_tab read -r unit pool most_down ports; do
    case $unit$pool in '' | *[!A-Za-z0-9:_.@\\-]*) refuse - 'not the name of a unit' ;; esac
    case $most_down in '' | *[!0-9]* | ??????*) refuse - 'not the limit of a pool' ;; esac
    case $ports in '' | ?*- | *[!0-9,-]*) refuse - 'not the ports of a pool' ;; esac
  done <"$home/pools"
  while IFS=$helper_tab read -r path sha _; do
    helper_is_kept "$path" || refuse - "it contains $path, $unprepared"
    case $sha in '' | *[!0-9a-f]*) refuse - 'not a digest' ;; esac
  done <"$home/files"
  [ ! -e "$home/installs" ] || while IFS=$helper_tab read -r sha _; do
    case $sha in '' | *[!0-9a-f]*) refuse - 'not a digest' ;; esac
  done <"$home/installs"
}

# helper_run_systemctl VERB: run systemctl VERB for units that were deployed to this host, one per line of input.
helper_run_systemctl() {
  control=$1
  helper_load_rules
  units=$(head -c 65536 | tr -d '\0')
  set --
  while IFS= read -r unit; do
    helper_check_given "$unit"
    set -- "$@" "$unit"
  done <<END
$units
END
  timeout -k 1 5 logger -t qtctl-helper -- "${SUDO_USER:-root}: $control $*" || :
  exec systemctl --no-ask-password "$control" -- "$@"
}
