# shellcheck shell=sh disable=SC2086,SC2154
# What else on a host starts and stops units: files of other units, crontabs and hooks that call systemctl or the bus.

# find_callers UNIT...: a line `K VERB NAME FILE` for each call that names one of the units, with the name as written in
# the file: perhaps without .service, or with * and ?. Nothing else of a file leaves the host. The units' own files and
# drop-ins are skipped. Programs that other units and crontabs name are read too, unless they lie where packages put
# theirs. `D WORD HOW FILE`: something in it would reboot the host or switch it off (callers.awk). `U FILE`: this account
# may not read it. `E` ends the list.
#
# Given: called (callers.awk).
find_callers() {
  export units=" $* "
  IFS='
'
  calls='systemctl|invoke-rc\.d|service[[:space:]]|(Start|Stop|Restart|Kill)Unit|^[[:space:]]*(OnFailure|OnSuccess|[A-Z][A-Za-z]+Action)[[:space:]]*=|s?bin/(reboot|poweroff|halt|shutdown)|[[:space:]](reboot|poweroff|shutdown)([[:space:]]|$)|Automatic-Reboot'
  found=$(qtctl_timed 3 grep -rlsIE -D skip --exclude-dir='*.wants' --exclude-dir='*.requires' -- "$calls" \
    /etc/systemd /run/systemd/system /run/systemd/transient /usr/local/lib/systemd /usr/lib/systemd/system \
    /usr/lib/systemd/system-sleep /usr/lib/systemd/system-shutdown /etc/crontab /etc/cron.d /etc/cron.hourly \
    /etc/cron.daily /etc/cron.weekly /etc/cron.monthly /etc/anacrontab /etc/logrotate.conf /etc/logrotate.d /etc/rc.local \
    /etc/apt/apt.conf.d /etc/udev/rules.d /etc/network /etc/NetworkManager/dispatcher.d /etc/dhcp /etc/ppp /etc/monit \
    /etc/acpi /var/spool/cron | head -n 500)
  find /etc/systemd/system /run/systemd/system /etc/crontab /etc/cron.* /etc/anacrontab /etc/logrotate.d /etc/rc.local \
    /var/spool/cron/crontabs -maxdepth 1 '(' -type f -o -type d ')' ! -readable -printf 'U %p\n' 2>/dev/null | head -n 50
  linked='' others=''
  for each in /etc/systemd/system/*.service /run/systemd/system/*.service /run/systemd/transient/*.service \
    /usr/local/lib/systemd/system/*.service /etc/systemd/system/*.service.d/*.conf /etc/crontab /etc/cron.d/*; do
    if [ ! -f "$each" ] || [ ! -r "$each" ] || ! is_foreign "$each"; then continue; fi
    others="$others$IFS$each"
    [ ! -L "$each" ] || linked="$linked$IFS$each"
  done
  set -f
  programs=''
  [ -z "$others" ] || programs=$(sed -nE '/^[[:space:]]*[#;]/d; /^Exec|^[0-9*@]/p' $others | head -c 200000 |
    tr -s ' \t="'\'';|&' '\n' | sed 's/^[-+!:@]*//' | grep '^/' | grep -Ev '^/(usr/)?s?bin/|^/(usr/)?lib|^/dev/' | sort -u |
    head -n 100)
  more=''
  for each in $programs; do [ -f "$each" ] && [ -r "$each" ] && more="$more$IFS$each"; done
  [ -z "$linked$more" ] || found="$found$IFS$(qtctl_timed 2 grep -lsIE -D skip -- "$calls" $linked $more)"
  found=$(for each in $found; do ! is_foreign "$each" || printf '%s\n' "$each"; done | sort -u)
  [ -z "$found" ] || read_calls $found | sort -u | head -n 200
  echo E
}

# read_calls FILE...: the calls in them. One awk reads all but the large files, of which only the beginning is read.
read_calls() {
  small=$(find -L "$@" -maxdepth 0 -type f -size -129 2>/dev/null)
  [ -z "$small" ] || awk "$called" $small
  find -L "$@" -maxdepth 0 -type f -size +128 2>/dev/null | while read -r each; do
    head -c 65536 -- "$each" | file=$each awk "$called"
  done
}

# is_foreign FILE: whether the file belongs to none of the units.
is_foreign() {
  name=${1##*/}
  case $1 in */*.d/*.conf) name=${1%/*} name=${name##*/} name=${name%.d} ;; esac
  case $units in *" $name "*) return 1 ;; esac
}
