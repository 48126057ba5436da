# shellcheck shell=sh disable=SC2086,SC2154
# run_unprivileged SCRIPT ARGUMENT...: run it in / as the account that asks, but never as root: root becomes nobody
# first. Exit status 77: the host has neither setpriv nor runuser.
run_unprivileged() {
  drop=''
  if [ "$(id -u)" = 0 ]; then
    if command -v setpriv >/dev/null; then
      drop='setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs --'
    elif command -v runuser >/dev/null; then
      drop='runuser -u nobody --'
    else
      exit 77
    fi
  fi
  cd / || exit
  text=$1
  shift
  $drop sh -c "$text" sh "$@"
}

# look_at_venvs VENV...: run venvs.sh. Given: venvs (its text), seconds, bytes, say.
look_at_venvs() { run_unprivileged "$venvs" "$seconds" "$bytes" "$say" "$@"; }
