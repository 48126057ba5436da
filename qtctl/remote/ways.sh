# shellcheck shell=sh disable=SC2086,SC2154,SC3045
# What services start with: everything on the paths to their files, links followed, who their users are, and which unit
# files others than root can write. Nothing is run, and only the first line of an executable file is read.
#
# Given: walk (auditor.awk), first_lines (first_lines.awk), rounds (how often the targets of links are looked up),
# program_folders (where a service finds programs, one a line).

# show_ways USERS PATH...: USERS are names, one a line. Lines, a newline in a path as \1: for each part of a path what
# find says (kind, uid, gid, mode, path//target), then `T` its size and times; `A` access control lists; `S`
# path//interpreter of a program, `H` if its first line could not be read, `E` path//command that env does not find, or
# `B` if the kernel cannot execute it; `I` what id says; `P` and `Q` who is in a
# group; `W` what others than root can write in the unit folders; `L` links that lead out of them; `N` noexec or exec
# and the place of each mount. What find could not look at is on standard error.
show_ways() {
  users=$1
  shift
  set -f
  IFS='
'
  soh=$(printf '\1') seen='' asked='' round=0 programs=''
  find_unit_folders
  paths=$#
  follow "$@" $links
  read_shebangs
  paths=0
  [ -z "$more" ] || follow "$@" $links $more
  printf '%s\n' "$seen"
  show_acls
  show_accounts
  awk '{ print "N " (("," $6 ",") ~ /,noexec,/ ? "noexec" : "exec") " " $5 }' /proc/self/mountinfo | head -n 5000
}

# follow PATH...: add everything on the way to each path to `seen`. `programs`: the executable files that the first
# `paths` of them lead to, each after "= ".
follow() {
  while todo=$(printf '%s\n' "$seen" "$asked" | awk -v programs="$paths" "$walk" "$@"); [ "$todo" ]; do
    case $todo in '= '*) programs=$todo && break ;; esac
    round=$((round + 1))
    [ "$round" -le "$rounds" ] || { echo more && break; }
    asked="$asked$IFS$todo"
    seen="$seen$IFS$(find $todo -maxdepth 0 -printf '%y %U %G %m %p//%l\0T %s %T@ %C@ %p\0' | tr '\n\0' '\1\n')"
  done
}

# read_shebangs: print the interpreter in the first line of each program, and set `more` to those that are paths. One
# process reads all programs. If it is stopped, because a file was replaced by a pipe or something endless, they are
# read one by one.
read_shebangs() {
  more=''
  [ "$programs" ] || return 0
  lines=$( (ulimit -v 65536 && qtctl_timed 2 awk "$first_lines" $programs) 2>/dev/null | tr '\0' '\1')
  case $lines in
    *end) ;;
    *) lines=$(for each in $programs; do read_first_line "${each#= }"; done | tr '\0' '\1') ;;
  esac
  for each in $lines; do
    case $each in
      end) ;;
      'B '*) ! is_known_format && printf '%s\n' "$each" ;;
      'E '*) has_command "${each##*//}" || printf '%s\n' "$each" ;;
      *)
        printf '%s\n' "$each"
        each=${each#*//}
        case $each in /*) more="$more$IFS${each%%"$soh"*}" ;; esac
        ;;
    esac
  done
}
read_first_line() {
  [ -s "$1" ] || { printf 'B %s//\n' "$1" && return; }
  (qtctl_timed 2 head -c 250 -- "$1") 2>/dev/null | awk -v from=/dev/stdin "$first_lines" "= $1"
}

# is_known_format: whether the kernel was told of further formats of programs (binfmt_misc).
is_known_format() {
  formats=${formats-$(find /proc/sys/fs/binfmt_misc -mindepth 1 -maxdepth 1 ! -name register ! -name status 2>/dev/null)}
  [ "$formats" ]
}

# has_command NAME: whether a service without a PATH of its own finds it. IFS is a newline.
has_command() {
  for folder in $program_folders; do
    [ ! -e "$folder/$1" ] || return 0
  done
  return 1
}

# show_acls: the access control lists of everything that ls marks with a +.
show_acls() {
  # shellcheck disable=SC2012 # only ls tells of access control lists
  marked=$(ls -dln --time-style=+ -- $asked 2>/dev/null | sed -n 's|^[^ ]\{10\}+[^/]*/|/|p')
  [ "$marked" ] || return 0
  printf 'M %s\n' $marked
  getfacl -n -p -- $marked 2>/dev/null | sed 's/^/A /'
}

# show_accounts: look up all of them and root at once, and each that is missing from the answer again: it does not
# exist, has another name, or this version of id takes one name only.
show_accounts() {
  [ "$users" ] || return 0
  users="root$IFS$users"
  ids=$(id -- $users 2>/dev/null)
  gids=''
  [ -z "$ids" ] || printf 'I %s\n' $ids
  for each in $users; do
    case $ids in *"($each) gid="*) continue ;; esac
    said=$(id -- "$each" 2>/dev/null) || said=''
    printf 'I %s%s%s\n' "$said" "$soh" "$each"
    ids="$ids$IFS$said"
  done
  for each in $ids; do
    gid=${each#*gid=}
    gids="$gids$IFS${gid%%[!0-9]*}"
  done
  [ "$gids" ] || return 0
  getent passwd | awk -F: -v want="$(printf '%s ' $gids)" 'BEGIN { n = split(want, w, " "); for (i = 1; i <= n; i++) is[w[i]] = 1 }
    $4 in is { print "P " $4 " " $1 }'
  getent group $gids | awk -F: '{ print "Q " $3 " " $4 }'
}

# find_unit_folders: print what others than root can write in the unit folders, and set `links` to those that lead
# elsewhere.
find_unit_folders() {
  folders='' links=''
  for each in /etc/systemd/system /run/systemd/system /etc/systemd/system.control /run/systemd/system.control \
    /run/systemd/transient /usr/local/lib/systemd/system /usr/lib/systemd/system; do
    [ ! -d "$each" ] || folders="$folders$IFS$each"
  done
  [ "$folders" ] || return 0
  find / /etc /etc/systemd /run /run/systemd /usr /usr/lib /usr/lib/systemd -maxdepth 0 ! -type l '(' ! -uid 0 -o \
    -perm /022 ')' -printf 'W %y %U %G %m %p//\0' | tr '\n\0' '\1\n'
  more=''
  for each in /etc/systemd /run/systemd /usr/local/lib/systemd /usr/lib/systemd; do
    for name in system-generators system-environment-generators system.conf system.conf.d system-shutdown; do
      [ ! -e "$each/$name" ] || more="$more$IFS$each/$name"
    done
  done
  for each in /etc/tmpfiles.d /etc/sysusers.d /etc/crontab /etc/cron.d /etc/cron.hourly /etc/cron.daily; do
    [ ! -e "$each" ] || more="$more$IFS$each"
  done
  [ -z "$more" ] || find -L $more -maxdepth 1 '(' -type f -o -type d ')' '(' ! -uid 0 -o -perm /022 ')' \
    -printf 'W %y %U %G %m %p//\0' 2>/dev/null | tr '\n\0' '\1\n'
  find -L $folders -maxdepth 2 ! -path '*.wants/*' ! -path '*.requires/*' '(' -type f -o -type d ')' '(' ! -uid 0 -o \
    -perm /022 ')' -printf 'W %y %U %G %m %p//\0' 2>/dev/null | tr '\n\0' '\1\n'
  links=$(find $folders -maxdepth 2 -type l ! -path '*.wants/*' ! -path '*.requires/*' ! -lname /dev/null \
    ! -lname '*systemd/system*' -lname '*/*' 2>/dev/null | head -n 200)
  [ -z "$links" ] || printf 'L %s\n' $links
}
