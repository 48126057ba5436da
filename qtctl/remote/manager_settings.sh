# shellcheck shell=sh
# What administrators have set for all services at once, in the configuration of systemd and its journal.

# list_manager_settings: lines `S FILE:KEY=VALUE` for each assignment in system.conf, journald.conf and their drop-in
# folders; values of environment variables are not shown. Of files with the same name only the one that systemd reads
# counts, and those of packages (/usr/lib) are skipped. `U FILE`: it cannot be read. `V NAME` for each variable that
# systemd gives to every service, with a value only for PATH; `V` alone if systemd does not say. `E` ends the list.
list_manager_settings() {
  set --
  for name in system journald; do
    seen=/
    for file in /usr/lib /usr/local/lib /run /etc; do set -- "$@" "$file/systemd/$name.conf"; done
    for file in /etc /run /usr/local/lib /usr/lib; do
      folder=$file/systemd/$name.conf.d
      [ -d "$folder" ] || continue
      if [ ! -r "$folder" ] || [ ! -x "$folder" ]; then echo "U $folder" && continue; fi
      for each in "$folder"/*.conf; do
        case $seen in */"${each##*/}"/*) continue ;; esac
        seen="$seen${each##*/}/"
        set -- "$@" "$each"
      done
    done
  done
  newline='
'
  packaged=$newline$(list_packaged "$@")$newline
  for file; do
    [ -f "$file" ] || continue
    case $packaged in *"$newline$file$newline"*) continue ;; esac
    if [ ! -r "$file" ]; then echo "U $file" && continue; fi
    grep -aHE '^[[:space:]]*[A-Za-z]+[[:space:]]*=' -- "$file" /dev/null | head -c 20000 |
      awk '{ at = index($0, ":"); text = substr($0, at + 1); sub(/^[[:space:]]+/, "", text)
        key = text; sub(/[[:space:]]*=.*/, "", key); value = text; sub(/^[^=]*=[[:space:]]*/, "", value)
        if (key ~ /Environment$/) value = "(not shown)"
        print "S " substr($0, 1, at) key "=" substr(value, 1, 200) }'
  done
  if given=$(qtctl_timed 2 systemctl show-environment 2>/dev/null); then
    printf '%s\n' "$given" | sed -nE 's/^PATH=(.{0,1000}).*/V PATH=\1/p; /^PATH=/d; s/^([A-Za-z_][A-Za-z0-9_]{0,100})=.*/V \1/p'
  else
    echo V
  fi
  echo E
}
# list_packaged FILE...: those in /usr/lib that a package has put there; all that are there if the host has no dpkg.
list_packaged() {
  for each; do
    shift
    case $each in /usr/lib/*) [ ! -f "$each" ] || set -- "$@" -e "$each" -e "${each#/usr}" ;; esac
  done
  [ $# -gt 0 ] || return 0
  if [ -d /var/lib/dpkg/info ]; then
    grep -hsxF "$@" /var/lib/dpkg/info/*.list | sed 's|^/lib/|/usr/lib/|'
  else
    for each; do [ "$each" = -e ] || printf '%s\n' "$each"; done
  fi
}

# find_overrides UNIT...: a line `X UNIT FILE` for each file outside /usr/lib that makes a package's unit run another
# program: a drop-in with ExecStart=, or a file that replaces the package's and has other ExecStart= lines. `E` ends the
# list.
find_overrides() {
  for unit; do
    base=${unit%.*} packaged=''
    for each in /usr/lib/systemd/system /lib/systemd/system; do
      [ -z "$packaged" ] && [ -f "$each/$unit" ] && packaged=$each/$unit
    done
    for folder in /etc/systemd/system.control /run/systemd/system.control /run/systemd/transient /etc/systemd/system \
      /run/systemd/system /usr/local/lib/systemd/system; do
      for file in "$folder/$unit.d"/*.conf "$folder/${base%%-*}-.service.d"/*.conf "$folder/service.d"/*.conf; do
        [ -f "$file" ] && grep -qsE '^[[:space:]]*ExecStart[[:space:]]*=[[:space:]]*[^[:space:]]' -- "$file" &&
          echo "X $unit $file"
      done
      file=$folder/$unit
      if [ "$packaged" ] && [ -f "$file" ] && [ "$(list_commands "$file")" != "$(list_commands "$packaged")" ]; then
        echo "X $unit $file"
      fi
    done
  done | head -n 500
  echo E
}
list_commands() { grep -sE '^[[:space:]]*ExecStart[[:space:]]*=' -- "$1" | head -c 20000; }
