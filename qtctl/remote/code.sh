# shellcheck shell=sh disable=SC2086
# Where the entry points of services are, and which folders hold virtual environments or programs. Nothing of them is
# run, and entry points are found without starting a process.
nl='
'

# find_entries [USER PREFIX FOLDERS WANTED]...: FOLDERS has one folder a line, WANTED lines KIND:PATH. Prints `=` for
# each service, then for each entry wanted `f PATH` if it is found, else `n`; `z PATH`: the file is empty; `s FOLDER`:
# it cannot be entered; `h FILE`: a .pth file that runs code.
find_entries() {
  IFS=$nl last=''
  while [ $# -ge 4 ]; do
    echo '='
    [ "$1 $2" = "$last" ] || find_packages "$1" "$2"
    last="$1 $2" folders="$3" missing=''
    for each in $4; do
      found='' kind=${each%%:*} name=${each#*:}
      if [ "$kind" = script ]; then find_script "$name"; else find_module "$kind" "$name"; fi
      case $found in '' | *"$nl"*) missing=1 && echo n ;; *) report_found ;; esac
    done
    [ -z "$missing" ] || [ -z "$hook" ] || printf 'h %s\n' "$hook"
    shift 4
  done
}

report_found() {
  printf 'f %s\n' "$found"
  [ -s "$found" ] || printf 'z %s\n' "$found"
}

find_script() {
  if [ -f "$1" ] || [ -f "$1/__main__.py" ]; then found=$1; else report_shut "$1"; fi
}

# find_module KIND PATH: set `found` to the module's file in the first folder that has it.
find_module() {
  for folder in $folders $site; do
    for file in "$folder/$2.py" "$folder/$2/__main__.py" "$folder/$2/__init__.py" "$folder/$2.so" "$folder/$2.pyc" \
      "$folder/$2".*.so; do
      case $1$file in module*/__init__.py | import*/__main__.py) continue ;; esac
      [ ! -e "$file" ] || { found=$file && return; }
    done
  done
  for folder in $folders $site; do report_shut "$folder/$2.py"; done
}

# report_shut PATH: print which folder on the path cannot be entered, or is not a folder.
report_shut() {
  way=$1
  while [ "$way" ] && [ ! -e "$way" ]; do way=${way%/*}; done
  [ -z "$way" ] || { [ -d "$way" ] && [ -x "$way" ]; } || printf 's %s\n' "$way"
}

# find_packages USER PREFIX: set `site` to the interpreter's package folders, and `hook` to a file that may add others.
find_packages() {
  site='' hook=''
  add_folders "$2"/lib/python3*/site-packages "$2"/lib/python3*/dist-packages
  if [ ! -e "$2/pyvenv.cfg" ] || shares_packages "$2/pyvenv.cfg"; then
    add_folders /usr/lib/python3/dist-packages /usr/local/lib/python3*/dist-packages
    add_own "$1"
  fi
  for folder in $site; do
    for pth in "$folder"/*.pth; do
      case $pth in */distutils-precedence.pth | *"$nl"*) continue ;; esac
      [ ! -f "$pth" ] || [ ! -r "$pth" ] || read_pth "$pth"
    done
  done
}
add_folders() { for each; do [ ! -d "$each" ] || site="$site$nl$each"; done; }
shares_packages() {
  while IFS=' =' read -r key value _; do
    case $key$value in include-system-site-packages[Tt]rue) return 0 ;; esac
  done <"$1"
  return 1
}

# add_own USER: add the packages in the user's home.
add_own() {
  while IFS=: read -r name _ _ _ _ home _; do
    [ "$name" != "$1" ] || add_folders "$home"/.local/lib/python3*/site-packages
  done </etc/passwd
}

# read_pth FILE: add the folders that it names, one a line. Python runs a line that begins with import.
read_pth() {
  count=0
  while read -r line && [ "$count" -lt 100 ]; do
    count=$((count + 1))
    case $line in
      import[!A-Za-z0-9_]*) hook=$1 ;;
      /*) [ ! -d "$line" ] || site="$site$nl$line" ;;
      '' | '#'*) ;;
      *) [ ! -d "${1%/*}/$line" ] || site="$site$nl${1%/*}/$line" ;;
    esac
  done <"$1"
}

# find_marked FOLDER...: find virtual environments and programs one folder below each, by files with these names. Lines:
# folder, path below it.
find_marked() {
  find "$@" -mindepth 2 -maxdepth 2 '(' -name pyvenv.cfg -o -name main.py -o -name __main__.py -o -name app.py -o \
    -name service.py -o -name server.py -o -name run.py -o -name worker.py ')' -type f -printf '%H\t%P\0' |
    tr '\n\0' '\1\n' | head -c 300000
}

# list_packages VENV...: list the *.dist-info folders of their packages. Lines: site-packages folder, name.
list_packages() {
  for each; do
    shift
    set -- "$@" "$each/lib"
  done
  find "$@" -mindepth 3 -maxdepth 3 -type d -name '*.dist-info' -path '*/site-packages/*' -printf '%H\t%f\0' |
    tr '\n\0' '\1\n' | head -c 600000
}
