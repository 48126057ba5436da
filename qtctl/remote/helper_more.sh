# shellcheck shell=sh disable=SC2154,SC2034,SC2086,SC2015,SC2016,SC2317
# What the helper does besides deploys: secrets, backups and restores, and installing into the store.
#
# Given: helper.sh and what that is given; build_text, which prints build_venv.sh; import_text, which prints
# import_entry.py; remover, reader (see secrets.sh), secret_most.

# helper_has RULE: whether this exact rule is among those of this host.
helper_has() { case "$helper_newline$rules$helper_newline" in *"$helper_newline$1$helper_newline"*) return 0 ;; esac; return 1; }

# helper_is_unit_path PATH: whether it is the file of a unit of the fleets, or in a folder of one.
helper_is_unit_path() {
  case $1 in
    "$unit_folder"/?*) inside=${1#"$unit_folder/"} ;;
    /etc/systemd/system.control/?*) inside=${1#/etc/systemd/system.control/} ;;
    /usr/local/lib/systemd/system/?*) inside=${1#/usr/local/lib/systemd/system/} ;;
    *) return 1 ;;
  esac
  case $inside in .* | */.* | */ | */*/*) return 1 ;; esac
  case $inside in
    */*) helper_is_unit_folder "${inside%/*}" || { helper_is_pulling "${inside%/*}" && helper_is_of_fleet "${inside#*/}"; } ;;
    *) helper_is_of_fleet "$inside" || helper_is_unit_folder "$inside" ;;
  esac
}
# helper_is_unit_file PATH: whether a deploy or a restore may write it: it is a unit or a drop-in of the fleets.
helper_is_unit_file() {
  helper_is_unit_path "$1" || return 1
  case $inside in *.d/*.conf) ;; */* | *.d | *.wants | *.requires | *.upholds) return 1 ;; esac
}
# helper_is_kept PATH: whether a backup may hold it.
helper_is_kept() { helper_is_written "$1" || helper_is_unit_path "$1"; }
helper_is_unit_folder() {
  case $1 in *.d | *.wants | *.requires | *.upholds) helper_is_of_fleet "${1%.*}" ;; *) return 1 ;; esac
}
# helper_is_pulling FOLDER: whether it is a .wants, .requires or .upholds folder, of any unit.
helper_is_pulling() { case $1 in ?*.?*.wants | ?*.?*.requires | ?*.?*.upholds) ;; *) return 1 ;; esac; }

# helper_is_stamp PATH: whether it is the stamp of a timer of the fleets: when the timer last ran.
helper_is_stamp() {
  case $1 in
    /var/lib/systemd/timers/stamp-*) case $1 in *.timer) helper_is_of_fleet "${1#/var/lib/systemd/timers/stamp-}" ;; *) return 1 ;; esac ;;
    *) return 1 ;;
  esac
}

# helper_is_listed WORD: whether a backup may list it: a folder of units, env files or stamps, or a file of the fleets.
# A list shows no contents.
helper_is_listed() {
  case $1 in
    -- | "$unit_folder" | /etc/systemd/system.control | /usr/local/lib/systemd/system | /var/lib/systemd/timers | "$base/objects") ;;
    *) helper_has "folder $1" || helper_has "file $1" || helper_has "secret $1" || helper_is_kept "$1" ;;
  esac
}

# helper_is_unit_link PATH TARGET: whether it is a link between units of the fleets, or masks one.
helper_is_unit_link() {
  helper_is_unit_path "$1" || return 1
  case $2 in
    /dev/null) helper_is_of_fleet "${1##*/}" ;;
    "$unit_folder"/* | /etc/systemd/system.control/* | /usr/local/lib/systemd/system/* | /usr/lib/systemd/system/* | /lib/systemd/system/*)
      case ${2#/*/systemd/system} in */*/* | *..*) return 1 ;; esac
      helper_is_of_fleet "${2##*/}"
      ;;
    ../*) case ${2#../} in */*) return 1 ;; *) helper_is_of_fleet "${2#../}" ;; esac ;;
    */*) return 1 ;;
    *) helper_is_of_fleet "$2" ;;
  esac
}

# helper_is_container ID: whether it belongs to a compose service that units of the fleets take over from. On failure
# `why` says what Docker answered, or is '' if the host was not prepared for it.
helper_is_container() {
  why=''
  case $1 in *[!0-9a-f]*) return 1 ;; ????????????????????????????????????????????????????????????????) ;; *) return 1 ;; esac
  docker_s=10
  run_docker inspect --type container --format '{{json (index .Config.Labels "com.docker.compose.service")}}' -- "$1" || { why=$said && return 1; }
  answer=${answer#'"'}
  [ -n "$answer" ] && helper_has "container ${answer%'"'}"
}

# helper_secrets: the first line says whether to find or to put secrets; values are in base64 and stay in this process.
helper_secrets() {
  [ "$size" -le 2000000 ] || helper_refuse 'the request is too large'
  helper_load_rules
  lib_trail
  lib_transaction
  lib_stage
  lib_env_files
  lib_secrets
  most=$secret_most nonce=''
  data=$(head -c "$size" | tr -d '\0')
  {
    IFS= read -r word
    case $word in find | put) "helper_secrets_$word" ;; *) helper_refuse 'unknown verb for secrets' ;; esac
  } <<END
$data
END
}
helper_check_secret() { helper_has "secret $1" || helper_refuse "$1 is not a secret that this host was prepared for: see \`qtctl host prepare\`"; }
helper_secrets_find() {
  set --
  while IFS=$helper_tab read -r path keys; do
    unset IFS
    helper_check_secret "$path"
    case $keys in -) keys='' ;; *[!A-Za-z0-9_\ ]*) helper_refuse 'not the name of a key' ;; *) keys=" $keys " ;; esac
    set -- "$@" "$path" "$keys"
  done
  list_secrets "$@"
}
helper_secrets_put() {
  IFS=$helper_tab read -r path key && IFS= read -r encoded && IFS= read -r whose_members || helper_refuse 'the request is cut off'
  unset IFS
  helper_check_secret "$path"
  case $key in -) key='' ;; *[!A-Za-z0-9_]* | [0-9]*) helper_refuse 'not the name of a key' ;; esac
  case $encoded in '' | *[!A-Za-z0-9+/=]*) helper_refuse 'the value is not base64' ;; esac
  helper_read_record
  sign_record
  put_secret "$path" "$key"
}

# helper_read_record: read whose_fields, up to an empty line, and check them and whose_members: the caller may not set
# what the host knows itself.
helper_read_record() {
  whose_fields=''
  while IFS= read -r field; do
    case ${field%%=*} in
      '') break ;;
      DEPLOY_LOGIN | DEPLOY_EVENT | DEPLOY_GENERATION | DEPLOY_WHY | *[!A-Z_]*) helper_refuse 'a field that only the host sets' ;;
      DEPLOY_?*) ;;
      *) helper_refuse 'not a field of the audit trail' ;;
    esac
    whose_fields="$whose_fields$field$helper_newline"
  done
  printf '%s\n' "$whose_members" | grep -qE "^$helper_member(,$helper_member)*\$" || helper_refuse 'its record for the audit trail is damaged'
  ! printf '%s\n' "$whose_members" | grep -qE "\"($helper_own)\":" || helper_refuse 'its record for the audit trail has a field that only the host sets'
  [ ${#whose_members} -le 20000 ] || helper_refuse 'its record for the audit trail is too long'
}

# helper_check_given UNIT: check that it is a unit of the fleets and part of the generation in force: a name that matches
# the fleet's patterns is not enough.
helper_check_given() {
  helper_is_of_fleet "$1" || helper_refuse "$1 is not a unit that this host was prepared for: see \`qtctl host prepare\`"
  case $1 in *@.*) helper_refuse "$1 is a template" ;; esac
  [ -f "$base/current/units" ] || helper_refuse 'this host has no generation in force: deploy to it first'
  grep -Fxq -e "$1" -- "$base/current/units" || helper_refuse "$1 is not among the units that were deployed to this host"
}

# helper_control: the lines say what to do, with which signal, why, and who asks; then come fields, an empty line, and
# units, one a line.
helper_control() {
  [ "$size" -le 200000 ] || helper_refuse 'the request is too large'
  helper_load_rules
  lib_trail
  lib_control
  data=$(head -c "$size" | tr -d '\000-\010\013-\037\177')
  {
    IFS= read -r control_verb && IFS= read -r control_signal && IFS= read -r control_why && IFS= read -r whose_members ||
      helper_refuse 'the request is cut off'
    is_control_verb "$control_verb" || helper_refuse 'unknown verb for units'
    is_control_signal "$control_signal" || helper_refuse 'not the number of a signal'
    helper_read_record
    set --
    while IFS= read -r unit; do
      helper_check_given "$unit"
      set -- "$@" "$unit"
    done
    [ $# -gt 0 ] || helper_refuse 'no unit is named'
    unset IFS
  } <<END
$data
END
  control_units "$@"
}

# helper_store: install what deploys link to. The input has a line for each call, an empty line, and then an archive.
helper_store() {
  helper_load_rules
  lib_store
  # Who sends an archive waits no longer than this.
  receive() { timeout -k 5 "${unpack_s:-300}" tar "$@"; }
  unpack_code() { receive -x -z --no-same-owner -C "$1" -f -; }
  unpack_packages() {
    receive -x --no-same-owner -C "$1" -f - && helper_check_plain "$1" && build_text >"$1/build.sh"
  }
  unpack_imports() {
    receive -x --no-same-owner -C "$1" -f - && helper_check_plain "$1" && import_text >"$1/import.py"
  }
  head -c "$size" | helper_run_store_calls
}
# helper_check_plain FOLDER: check that only regular files and folders were unpacked.
helper_check_plain() {
  odd=$(find "$1" -mindepth 1 ! -type d '(' ! -type f -o -links +1 ')' -print -quit) && [ -z "$odd" ] || refuse "the archive has something that is not a regular file: $odd"
}
helper_run_store_calls() {
  calls=''
  while IFS= read -r call && [ -n "$call" ]; do calls="$calls$call$helper_newline"; done
  case $calls in 'list_missing'* | 'install_'* | 'begin_imports'* | 'drop_entry'*) ;; *) helper_refuse 'unknown call of the store' ;; esac
  open_store
  # The archive is still to be read from standard input, so the calls are read from another descriptor.
  exec 7<&0
  while IFS= read -r call <&8 && [ -n "$call" ]; do helper_run_store_call; done 8<<END
$calls
END
}
helper_run_store_call() {
  set -f
  IFS=$helper_tab
  set -- $call
  unset IFS
  set +f
  word=$1
  shift
  case $word in
    list_missing | drop_entry)
      for each; do helper_check_digest "$each"; done
      [ "$word" = list_missing ] || helper_check_unused "$@"
      "$word" "$@"
      ;;
    install_code)
      [ $# = 1 ] || helper_refuse 'not a digest'
      helper_check_missing "$1"
      install_code "$1" <&7
      ;;
    install_venv)
      [ $# = 5 ] || helper_refuse 'the arguments of install_venv are invalid'
      helper_check_missing "$1"
      helper_check_path "$2"
      helper_check_number "$5"
      case $3/$4 in wheels/sent | wheels/index | sources/sent | sources/index) ;; *) helper_refuse 'the arguments of install_venv are invalid' ;; esac
      install_venv "$@" <&7
      ;;
    begin_imports) begin_imports <&7 ;;
    try_import) helper_try_import "$@" ;;
    *) helper_refuse 'unknown call of the store' ;;
  esac
}
helper_check_digest() { case $1 in *[!0-9a-f]*) helper_refuse 'not a digest' ;; ????????????????????????????????????????????????????????????????) ;; *) helper_refuse 'not a digest' ;; esac; }
helper_check_number() { case $1 in '' | *[!0-9]* | ??????*) helper_refuse 'not a number' ;; esac; }
helper_check_path() { case $1 in /*) ;; *) helper_refuse 'not a plain absolute path' ;; esac; case $1/ in *[!A-Za-z0-9/_.+-]* | */../* | */./*) helper_refuse 'not a plain absolute path' ;; esac; }
# helper_check_missing DIGEST: refuse if the store has it: what services run from is never replaced.
helper_check_missing() {
  helper_check_digest "$1"
  [ "$(get_entry_state "$1")" = missing ] || refuse "$store/$1 already exists"
}
# helper_check_unused DIGEST...: refuse if a generation uses it.
helper_check_unused() {
  for each; do ! grep -qsF -- "$each" "$base"/gen/*/installs || refuse "$store/$each belongs to a generation"; done
}
# helper_try_import UNIT USER GROUP GROUPS PYTHON SECONDS NUMBER WORD...
helper_try_import() {
  [ $# -ge 8 ] || helper_refuse 'the arguments of try_import are incomplete'
  helper_is_of_fleet "$1" || helper_refuse "$1 is not a unit that this host was prepared for"
  helper_has "run $2:$3:$4" || helper_refuse "nothing runs as $2:$3:$4 that this host was prepared for: see \`qtctl host prepare\`"
  helper_check_number "$6"
  helper_check_number "$7"
  of_unit=$1 as_user=$2 as_group=$3 as_groups=$4 by=$5 within_s=$6 nth=$7
  helper_check_path "$by"
  case ${by##*/} in python*) ;; *) helper_refuse "$by is not a Python interpreter" ;; esac
  shift 7
  for each; do case $each in -- | script | module | file) ;; *) case $each in *[!A-Za-z0-9/_.+@=-]*) helper_refuse 'not a valid argument of try_import' ;; esac ;; esac; done
  while IFS= read -r file; do
    case ${file#-} in "$build/env-$nth" | '') ;; *) helper_has "secret ${file#-}" || helper_has "env ${file#-}" || helper_is_written "${file#-}" || helper_refuse "${file#-} is not an env file that this host was prepared for" ;; esac
  done <"$build/envs-$nth"
  [ "$as_user" != - ] || as_user=''
  [ "$as_group" != - ] || as_group=''
  [ "$as_groups" != - ] || as_groups=''
  try_import "$of_unit" "$as_user" "$as_group" "$as_groups" "$by" "$within_s" "$nth" "$@" </dev/null
}
