# shellcheck shell=sh disable=SC2154,SC2015,SC2317,SC2030,SC2031
# Prepares a host for an account that deploys: looks, and, as root, installs. Given: way.sh, config (folder of the
# rules), sudoers (the file below sudoers.d, '' where none is needed).
PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
export PATH LC_ALL
umask 077
tab=$(printf '\t')

# look_at_file PATH: print `file PATH`, kind, owner, mode and content in base64, between tabs.
look_at_file() {
  kind=absent owner='' mode='' text=''
  if [ -L "$1" ]; then kind='link'
  elif [ -f "$1" ]; then
    kind='file'
    owner=$(stat -c %U:%G -- "$1") mode=$(stat -c %04a -- "$1")
    text=$(head -c 4000000 -- "$1" | base64 -w 0)
  elif [ -e "$1" ]; then kind=$(stat -c %F -- "$1")
  fi
  printf 'file %s\t%s\t%s\t%s\t%s\n' "$1" "$kind" "$owner" "$mode" "$text"
}

# prepare_look FILE... -- ACCOUNT...
prepare_look() {
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    look_at_file "$1"
    is_trusted "${1%/*}" || printf 'trouble %s, on the way to %s\n' "$why" "$1"
    shift
  done
  shift
  for each; do
    ! getent passwd "$each" >/dev/null || printf 'account %s\n' "$each"
  done
  for each in "$config"/*; do
    [ ! -f "$each" ] || printf 'fleet %s\n' "${each##*/}"
  done
  [ -z "$sudoers" ] || look_at_sudoers
  echo end
}
look_at_sudoers() {
  command -v visudo >/dev/null || {
    echo 'trouble sudo is not installed (there is no visudo)'
    return
  }
  said=$(visudo -c 2>&1) || printf 'trouble sudoers already has an error: %.300s\n' "$(printf %s "$said" | tr '\n' ';')"
}

refuse() {
  printf 'qtctl refused %.500s\n' "$(printf %s "$*" | tr '\n\t' '; ')"
  exit 77
}

# leave: remove temporary files; unless everything was installed, put back what was there before. Not to be stopped halfway:
# what it starts ignores these signals, too.
leave() {
  trap '' HUP INT PIPE TERM
  printf '%s' "$steps" | while IFS=$tab read -r number action path _; do
    [ "$action" != account ] || continue
    new=${path%/*}/.qtctl-prepare-new-$number old=${path%/*}/.qtctl-prepare-old-$number
    [ "$installed" = yes ] || undo
    rm -f -- "$new" "$old"
  done
  [ "$installed $removing" = 'yes no' ] || remove_folders
}
undo() {
  if [ -e "$old" ]; then mv -fT -- "$old" "$path"
  elif [ -e "$home_of_steps/made-$number" ]; then rm -f -- "$path"
  fi
}
# remove_folders: remove qtctl's own folders if they are empty.
remove_folders() { rmdir -- /opt/qtctl/libexec /opt/qtctl "$config" "${config%/*}" 2>/dev/null || :; }

# prepare_apply: carry out `steps`, a line each: number, action, path, mode, and the digest of what was there; for an
# account its name, home, shell, and uid or -. content_NUMBER prints the content of a new file.
prepare_apply() {
  installed=no
  home_of_steps=$(mktemp -d) || refuse 'no temporary folder could be made'
  trap 'leave; rm -rf -- "$home_of_steps"' EXIT
  trap '' HUP PIPE
  trap 'refuse interrupted' INT TERM
  each_step stage_file
  [ -z "$sudoers" ] || check_staged
  each_step make_account
  each_step install_file
  [ -z "$sudoers" ] || check_installed
  installed=yes
  echo 'qtctl prepared'
}
each_step() {
  while IFS=$tab read -r number action path mode seen; do
    unset IFS
    [ -n "$number" ] || continue
    "$1" </dev/null
  done <<END
$steps
END
}

stage_file() {
  [ "$action" != account ] || return 0
  folder=${path%/*}
  is_trusted "$folder" || refuse "$why, on the way to $path"
  there=$(digest "$path")
  [ "$there" = "$seen" ] || refuse "$path was changed a moment ago: try again"
  rm -f -- "$folder/.qtctl-prepare-new-$number" "$folder/.qtctl-prepare-old-$number"
  [ "$action" = write ] || return 0
  (umask 022 && mkdir -p -- "$folder") || refuse "$folder could not be made"
  new=$folder/.qtctl-prepare-new-$number
  "content_$number" >"$new" && chown root:root -- "$new" && chmod -- "$mode" "$new" && sync -- "$new" ||
    refuse "$path: nothing could be written in $folder"
}
digest() {
  if [ -L "$1" ]; then echo link
  elif [ -f "$1" ]; then
    sum=$(sha256sum <"$1")
    echo "${sum%% *}"
  elif [ -e "$1" ]; then echo other
  else echo absent; fi
}

# check_staged: check that sudo accepts the rule, and that sudoers has no error without it.
check_staged() {
  said=$(visudo -c 2>&1) || refuse "sudoers already has an error: $said"
  each_step check_rule
}
check_rule() {
  [ "$path $action" = "$sudoers write" ] || return 0
  said=$(visudo -c -f "${path%/*}/.qtctl-prepare-new-$number" 2>&1) || refuse "visudo does not accept the rule: $said"
}

make_account() {
  [ "$action" = account ] || return 0
  ! getent passwd "$path" >/dev/null || return 0
  # Anyone who could put a link or a folder there could act as this account.
  is_trusted "${mode%/*}" || refuse "$why, on the way to the home of $path"
  [ ! -e "$mode" ] && [ ! -L "$mode" ] || [ "$(stat -c %u -- "$mode")" = 0 ] || refuse "the home of $path, $mode, belongs to another account"
  set -- --create-home --home-dir "$mode" --shell "${seen%%"$tab"*}" --password '*'
  uid=${seen#*"$tab"}
  [ "$uid" = - ] || set -- "$@" --uid "$uid"
  if getent group "$path" >/dev/null; then set -- "$@" --no-user-group --gid "$path"; else set -- "$@" --user-group; fi
  said=$(useradd "$@" -- "$path" 2>&1) || refuse "the account $path could not be made: $said"
  printf 'qtctl done %s\n' "$path"
}

install_file() {
  [ "$action" != account ] || return 0
  folder=${path%/*}
  old=$folder/.qtctl-prepare-old-$number
  if [ "$seen" = absent ]; then true >"$home_of_steps/made-$number"; else ln -P -- "$path" "$old"; fi ||
    refuse "$path could not be replaced"
  case $action in
    write) mv -fT -- "$folder/.qtctl-prepare-new-$number" "$path" ;;
    remove) rm -f -- "$path" ;;
  esac || refuse "$path could not be replaced"
  sync -- "$folder"
  printf 'qtctl done %s\n' "$path"
}

# check_installed: check that sudo reads the rule, and that sudoers as a whole is still valid.
check_installed() {
  said=$(visudo -c 2>&1) || refuse "with the rule, sudoers has an error: $said"
  [ -f "$sudoers" ] || return 0
  case $said in
    *"$sudoers"*) ;;
    *) refuse "sudo does not read $sudoers: /etc/sudoers has no @includedir of that folder" ;;
  esac
}
