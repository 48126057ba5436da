# shellcheck shell=sh disable=SC2154
# A process that sudo started is replaced by one with a clean environment, whatever sudoers lets through. Until then
# only reserved words, special builtins and absolute paths are used. Only `sudo HELPER VERB` gets here with one word.
#
# `call`: the helper itself, as the account that asks.
#
# Given: helper (its path), within (seconds that a look may take, even if nobody waits for it any more).
case $#:${1-} in
  *:call) [ "$(/usr/bin/id -u)" != 0 ] || exit 64 ;;
  1:evidence | 1:read | 1:ran)
    exec /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C "SUDO_USER=${SUDO_USER-}" "SUDO_UID=${SUDO_UID-}" \
      /usr/bin/timeout -k 1 "$within" /bin/sh "$helper" "$1" clean
    ;;
  1:?*)
    exec /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C "SUDO_USER=${SUDO_USER-}" "SUDO_UID=${SUDO_UID-}" \
      /bin/sh "$helper" "$1" clean
    ;;
  2:*) case $2 in clean) ;; *) exit 64 ;; esac ;;
  *) exit 64 ;;
esac
