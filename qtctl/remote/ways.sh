# shellcheck shell=sh disable=SC2086,SC2154
# What services start with: everything on the ways to their files, links followed, who their users are, and which unit
# files not only root can write. Nothing is run, and of a file that may be executed only its first line is read.
#
# Given: walk (auditor.awk), rounds (how often what links lead to is looked for).

# ways USERS PATH...: USERS are names, one a line. Lines, a newline in a path as \1: all that find said of each part
# (kind, uid, gid, mode, path//target), then `T` its size and times; `A` access control lists; `S` what the first line of
# programs names, or `H` where it could not be read; `I` what id says, `P` and `Q` who has a group; `W` what not
# only root can write of the unit folders; `L` links from there to elsewhere. What find could not look at it says on
# standard error.
ways() {
  users=$1
  shift
  set -f
  IFS='
'
  soh=$(printf '\1') seen='' asked='' round=0
  unit_folders
  follow $links "$@"
  shebangs "$@"
  [ -z "$more" ] || follow $links "$@" $more
  printf '%s\n' "$seen"
  lists
  accounts
}

# follow PATH...: what is met on the way to each is added to `seen`.
follow() {
  while todo=$(printf '%s\n' "$seen" "$asked" | awk "$walk" "$@"); [ "$todo" ]; do
    round=$((round + 1))
    [ "$round" -le "$rounds" ] || { echo more && break; }
    asked="$asked$IFS$todo"
    seen="$seen$IFS$(find $todo -maxdepth 0 -printf '%y %U %G %m %p//%l\0T %s %T@ %C@ %p\0' | tr '\n\0' '\1\n')"
  done
}

# shebangs PATH...: the first line of each program, once; `more` are the interpreters that they name.
shebangs() {
  more=''
  programs=$(find -L "$@" -maxdepth 0 -type f -perm /111 2>/dev/null)
  [ "$programs" ] || return 0
  for each in $(readlink -f -- $programs | sort -u | head -n 500); do
    if ! first=$(timeout -k 1 2 head -c 250 -- "$each" 2>/dev/null | tr '\0' '\1'); then continue; fi
    if [ -z "$first" ] && [ ! -r "$each" ]; then printf 'H %s\n' "$each"; fi
    case $first in '#!'*) first=${first%%"$IFS"*} ;; *) continue ;; esac
    first=${first#??}
    while :; do case $first in ' '* | '	'*) first=${first#?} ;; *) break ;; esac done
    name=${first%%[ 	]*}
    printf 'S %s%s%s\n' "$name" "$soh" "$each"
    case $name in /*) more="$more$IFS$name" ;; esac
  done
}

# lists: the access control lists of what ls marks with a +.
lists() {
  paths=$(printf '%s\n' "$seen" | sed -n 's|^[fd] [0-9]* [0-9]* [0-7]* \(/.*\)//$|\1|p; s|^d [0-9]* [0-9]* [0-7]* ///*$|/|p')
  [ "$paths" ] || return 0
  # shellcheck disable=SC2012 # only ls tells of access control lists
  marked=$(ls -dln --time-style=+ -- $paths 2>/dev/null | sed -n 's|^[^ ]\{10\}+[^/]*/|/|p')
  [ "$marked" ] || return 0
  printf 'M %s\n' $marked
  getfacl -n -p -- $marked 2>/dev/null | sed 's/^/A /'
}

accounts() {
  gids=''
  for each in $users; do
    said=$(id -- "$each" 2>/dev/null) || said=''
    printf 'I %s%s%s\n' "$said" "$soh" "$each"
    said=${said#*gid=}
    gids="$gids ${said%%[!0-9]*}"
  done
  getent passwd | awk -F: -v want="$gids" 'BEGIN { n = split(want, w, " "); for (i = 1; i <= n; i++) is[w[i]] = 1 }
    $4 in is { print "P " $4 " " $1 }'
  for each in $(printf '%s\n' $gids | tr ' ' '\n' | sort -u); do
    getent group "$each" | awk -F: '{ print "Q " $3 " " $4 }'
  done
}

# unit_folders: `links` are those that lead out of them.
unit_folders() {
  folders='' links=''
  for each in /etc/systemd/system /run/systemd/system /etc/systemd/system.control /run/systemd/system.control \
    /run/systemd/transient /usr/local/lib/systemd/system /usr/lib/systemd/system; do
    [ ! -d "$each" ] || folders="$folders$IFS$each"
  done
  [ "$folders" ] || return 0
  find / /etc /etc/systemd /run /run/systemd /usr /usr/lib /usr/lib/systemd -maxdepth 0 ! -type l '(' ! -uid 0 -o \
    -perm /022 ')' -printf 'W %y %U %G %m %p//\0' | tr '\n\0' '\1\n'
  find -L $folders -maxdepth 2 ! -path '*.wants/*' ! -path '*.requires/*' '(' -type f -o -type d ')' '(' ! -uid 0 -o \
    -perm /022 ')' -printf 'W %y %U %G %m %p//\0' 2>/dev/null | tr '\n\0' '\1\n'
  links=$(find $folders -maxdepth 2 -type l ! -path '*.wants/*' ! -path '*.requires/*' ! -lname /dev/null \
    ! -lname '*systemd/system*' -lname '*/*' 2>/dev/null | head -n 200)
  [ -z "$links" ] || printf 'L %s\n' $links
}
