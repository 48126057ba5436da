# shellcheck shell=sh disable=SC2086
# Units of user managers: their files, as far as the folders can be read, and the control groups of those that run.

# list_user_units: lines `f PATH` of unit files, `r PATH` of control groups, `s USER FOLDER` of folders that cannot be
# entered or read on the way to them, `l USER` of users whose manager is started at boot.
list_user_units() {
  folders=''
  for each in /etc/systemd/user /run/systemd/user /usr/local/lib/systemd/user /usr/lib/systemd/user \
    /usr/local/share/systemd/user /usr/share/systemd/user /var/lib/systemd/linger; do
    [ ! -d "$each" ] || folders="$folders$each
"
  done
  accounts=$(getent passwd | head -c 4000000)
  while IFS=: read -r name _ _ _ _ home _; do
    case $home in /?*) ;; *) continue ;; esac
    for each in "$home" "$home/.config" "$home/.config/systemd" "$home/.config/systemd/user"; do
      [ -d "$each" ] || break
      [ -x "$each" ] && [ -r "$each" ] && continue
      [ -x "$each" ] && [ "$each" != "$home/.config/systemd/user" ] && continue
      printf 's %s %s\n' "$name" "$each" && break
    done
    case $each in */user) [ ! -r "$each" ] || folders="$folders$each
" ;; esac
  done <<END
$accounts
END
  set -f
  IFS='
'
  find $folders -mindepth 1 -maxdepth 1 ! -type d -printf 'f %p\0' 2>/dev/null | tr '\n\0' '\1\n' | head -c 500000 |
    sed 's|^f /var/lib/systemd/linger/|l |'
  [ ! -d /sys/fs/cgroup/user.slice ] || find /sys/fs/cgroup/user.slice -mindepth 3 -maxdepth 7 -type d \
    -path '*/user@*.service/*' '(' -name '*.service' -o -name '*.scope' ')' -printf 'r %p\n' 2>/dev/null | head -c 500000
}
