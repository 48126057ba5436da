# shellcheck shell=sh disable=SC2154,SC2015
# The store holds what qtctl installs on a host: code and virtual environments. Each entry has its own folder, named by
# the digest of what it is made from, and a seal beside it. Only root can write there.
#
# Given: way.sh, store (/opt/qtctl/store). What was sent is unpacked or built in $build, which only root can enter, and
# is renamed into the store when it is complete.
build=${store%/*}/build
PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
export PATH LC_ALL
umask 022

say() { printf 'qtctl %s\n' "$*"; }

# refuse REASON...: nothing was added to the store.
refuse() {
  say refused "$(printf '%s' "$*" | tr '\n\t' '; ' | cut -b 1-1500)"
  exit 77
}

# open_store: make its folders and take its lock. Stop and remove whatever a killed run left.
open_store() {
  is_trusted "$store" || { say unsafe && refuse "$why, on the way to $store"; }
  mkdir -p -- "$store" "$build" && chmod 0700 -- "$build" || refuse "$store could not be made"
  is_trusted "$build" || { say unsafe && refuse "$why, on the way to $build"; }
  lock=${store%/*}/lock
  [ ! -L "$lock" ] || refuse "$lock is a link"
  exec 9>>"$lock" || refuse "$lock could not be opened"
  chmod 0600 -- "$lock"
  flock -w 10 9 || { say busy && refuse "another deploy is installing into the store of this host"; }
  trap 'stop_builder; clear_build' EXIT
  trap 'exit 77' PIPE
  exec 5>&1
  stop_builder
  clear_build || refuse "$build could not be cleared"
}
clear_build() { rm -rf -- "${build:?}"/*; }
stop_builder() { systemctl stop qtctl-build.service qtctl-import.service 2>/dev/null || :; }

# compute_digest FOLDER: print a digest of all names, types, modes, owners, link targets and contents in it.
compute_digest() {
  (
    cd "$1" || exit
    {
      find . -printf '%y %#m %U:%G %P//%l\0' | sort -z
      find . -type f -print0 | sort -z | xargs -0 -r sha256sum --zero -b --
    } | sha256sum
  ) | { read -r digest _ && printf '%s' "$digest"; }
}

# list_missing DIGEST...: print those that are missing from the store, or not as they were sealed.
list_missing() {
  for each; do
    state=$(get_entry_state "$each")
    [ "$state" = whole ] || say "$state" "$each"
  done
}

# get_entry_state DIGEST: print whole, missing or damaged.
get_entry_state() {
  [ -f "$store/$1.seal" ] && [ -d "$store/$1" ] && [ ! -L "$store/$1" ] || { echo missing && return; }
  read -r sealed <"$store/$1.seal"
  if [ "$(compute_digest "$store/$1")" = "$sealed" ]; then echo whole; else echo damaged; fi
}

# install_code DIGEST: install the code that `unpack_code FOLDER` unpacks, a function of the caller.
install_code() {
  mkdir -m 0755 -- "$build/tree" || refuse "$build: no space"
  said=$(unpack_code "$build/tree" 2>&1) || refuse "the code could not be unpacked in $build: $said"
  put_in_store "$1"
}

# put_in_store DIGEST: seal $build/tree, which is complete and which only root can have written, and move it into the
# store.
put_in_store() {
  chown -R -h root:root -- "$build/tree" && chmod -R u+rwX,go+rX,go-w,ug-s,-t -- "$build/tree" || refuse "$build/tree could not be given to root"
  odd=$(find "$build/tree" ! -type f ! -type d ! -type l -print -quit)
  [ -z "$odd" ] || refuse "${odd#"$build/tree/"} is not a file, folder or link"
  sealed=$(compute_digest "$build/tree")
  [ -n "$sealed" ] || refuse "$build/tree could not be read"
  printf '%s\n' "$sealed" >"$build/seal" || refuse "$build: no space"
  sync -f -- "$build" 2>/dev/null || sync
  drop_entry "$1" &&
    mv -T -- "$build/tree" "$store/$1" && sync -- "$store" &&
    mv -T -- "$build/seal" "$store/$1.seal" && sync -- "$store/$1.seal" "$store" || refuse "$store/$1 could not be made"
  [ "$(get_entry_state "$1")" = whole ] || refuse "$store/$1 changed after it was sealed"
  say made "$1"
}

# drop_entry DIGEST...: remove entries, for example of a deploy that did not begin.
drop_entry() {
  for each; do rm -f -- "${store:?}/$each.seal" && rm -rf -- "${store:?}/${each:?}" || return; done
}

# install_venv DIGEST PYTHON wheels|sources sent|index SECONDS: `unpack_packages FOLDER`, a function of the caller,
# makes $build/in/packages, $build/in/lock and, from build_venv.sh, $build/in/build.sh.
install_venv() {
  mkdir -m 0755 -- "$build/in" "$build/tree" && mkdir -m 0777 -- "$build/out" && chmod 0777 -- "$build/out" &&
    true >"$build/log" || refuse "$build: no space"
  said=$(unpack_packages "$build/in" 2>&1) || refuse "the packages could not be unpacked in $build: $said"
  case "$4" in sent) alone=yes ;; *) alone=no ;; esac
  # Of the store it sees only the folder that it writes, at the path that it will have in the end.
  ended=$(run_as_nobody qtctl-build "$5" "$build/log" -p DynamicUser=yes -p "PrivateNetwork=$alone" \
    -p TemporaryFileSystem="${store%/*}" -p BindPaths="$build/out:$store/$1" \
    -p BindReadOnlyPaths="$build/in:${store%/*}/in" -p LimitFSIZE=8G \
    -- /bin/sh "${store%/*}/in/build.sh" "$store/$1" "$2" "${store%/*}/in" "$3" "$4")
  [ "$ended" = success ] || refuse "the virtual environment could not be built: $(explain "$ended" "$5" "$build/log")"
  odd=$(find "$build/out" ! -type f ! -type d ! -type l -print -quit)
  [ -z "$odd" ] || refuse "the virtual environment contains something that is not a file, folder or link"
  cp -RP --preserve=timestamps -- "$build/out/." "$build/tree" || refuse "$build: no space"
  put_in_store "$1"
}

# run_as_nobody UNIT SECONDS LOG ARGUMENT...: run a service that can write nothing on the host, gain no rights and leave
# no process behind. It ends with the connection of the deploy. Print success, or the result as systemd says it.
run_as_nobody() {
  unit=$1 seconds=$2 log=$3
  shift 3
  end_with_reader 9>&- >/dev/null 2>&1 &
  reading=$!
  if result=$(timeout -k 5 $((seconds + 30)) systemd-run --wait --collect --unit="$unit" -p Type=exec -p NoNewPrivileges=yes \
    -p ProtectSystem=strict -p ProtectHome=yes -p PrivateTmp=yes -p PrivateDevices=yes -p ProtectKernelTunables=yes \
    -p ProtectControlGroups=yes -p RestrictSUIDSGID=yes -p CapabilityBoundingSet= -p UMask=0022 -p TasksMax=256 -p Nice=10 \
    -p RuntimeMaxSec="$seconds" -p TimeoutStopSec=5 -p StandardOutput="append:$log" -p StandardError=inherit \
    "$@" 2>&1); then ended_well=yes; else ended_well=no; fi
  kill "$reading" 2>/dev/null || :
  case "$ended_well $result" in
    # To systemd, a service that was stopped is a success.
    'yes '*code=killed* | 'yes '*code=dumped*) result='result: signal' ;;
    'yes '*) echo success && return ;;
  esac
  stop_builder
  case "$result" in
    *'result: timeout'*) echo timeout ;;
    *'result: '*) printf '%s\n' "$result" | sed -n 's/.*result: \([a-z-]*\).*/\1/p' ;;
    *) printf '%s\n' "$result" | tail -n 1 ;;
  esac
}

# end_with_reader: stop the service once nobody reads what this script prints. An empty line says nothing.
end_with_reader() {
  trap '' PIPE
  while sleep 1 5>&- && echo >&5; do :; done
  stop_builder
}

# explain RESULT SECONDS LOG: print why it failed. Only the end of the log is read: a build may print without end.
explain() {
  [ "$1" != timeout ] || { printf 'it did not end in %s seconds' "$2" && return; }
  # The errors of pip; else the last error in the output.
  said=$(read_end "$3" | grep -a '^ *\(ERROR\|error\|cause\)[: ]' | grep -v subprocess-exited | tail -n 3 | tr '\n' ';')
  [ -n "$said" ] || said=$(read_end "$3" | grep -a 'Error' | tail -n 1)
  [ -n "$said" ] || said=$(read_end "$3" | tail -n 2 | tr '\n' ';')
  printf '%s' "${said:-$1}" | cut -b 1-900
}

read_end() { tail -c 65536 -- "$1"; }

# begin_imports: prepare to import the entry points of services, each as its user.
begin_imports() {
  unpack_imports "$build" || refuse "$build: no space"
}

# try_import UNIT USER GROUP GROUPS PYTHON SECONDS NUMBER WORD...: WORDs are the arguments of import_entry.py. The
# deploy may still have to create the user; a dynamic user takes its place here.
try_import() {
  of=$1 user=$2 group=$3 groups=$4 python=$5 seconds=$6 number=$7
  shift 7
  true >"$build/log"
  if [ -z "$user" ] || ! id -- "$user" >/dev/null 2>&1; then set -- -p DynamicUser=yes -- "$python" -B -I - "$@"
  else set -- -p User="$user" ${group:+-p Group="$group"} ${groups:+-p SupplementaryGroups="$groups"} -- "$python" -B -I - "$@"; fi
  while IFS= read -r file; do
    [ -z "$file" ] || set -- -p EnvironmentFile="$file" "$@"
  done <"$build/envs-$number"
  ended=$(run_as_nobody qtctl-import "$seconds" "$build/log" -p PrivateNetwork=yes -p LimitFSIZE=16M \
    -p "StandardInput=file:$build/import.py" "$@")
  if [ "$ended" = success ]; then say imported "$of"; else say failed "$of" "$(explain_import)"; fi
}
# explain_import: print what import_entry.py said, but nothing that the program printed: that may be a secret.
explain_import() {
  [ "$ended" != timeout ] || { printf 'it did not end in %s seconds' "$seconds" && return; }
  said=$(read_end "$build/log" | sed -n 's/^qtctl-import //p' | tail -n 1 | cut -b 1-600)
  printf '%s' "${said:-systemd says $ended}"
}
