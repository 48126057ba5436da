# shellcheck shell=sh disable=SC2154
# What systemd reads in env files, for root alone: names, digests of values that are not secret, and which secrets are
# empty. No value leaves this script. A file is read only if nobody but root can change the path to it.
#
# Given: reader (env_file.awk), most (largest file that is read, in bytes); way.sh.

# read_env_files NONCE [PATH KEYS SECRETS]...: KEYS and SECRETS are names between spaces, the nonce is new for each run.
# Lines: `F NUMBER STATE` for each file, then those of env_file.awk, with a digest of nonce and value for each value.
read_env_files() {
  nonce=$1
  shift
  version=$(systemctl --version 2>/dev/null) version=${version#systemd } version=${version%%[!0-9]*}
  continues=1
  [ "${version:-0}" -lt 254 ] || continues=0
  number=0
  while [ $# -gt 0 ]; do
    read_env_file "$1" "$2" "$3"
    number=$((number + 1))
    shift 3
  done
}

# may_digest FILE: whether the caller may have digests of its values, else `why` not. Root may.
may_digest() { :; }

read_env_file() {
  if ! real=$(readlink -e -- "$1"); then
    echo "F $number missing"
    return
  fi
  for each in "${1%/*}" "${real%/*}"; do
    if ! is_trusted "${each:-/}"; then
      printf 'F %s changed %s\n' "$number" "$why"
      return
    fi
  done
  if [ ! -f "$real" ]; then
    echo "F $number other"
  elif [ -n "$2" ] && ! may_digest "$1"; then
    printf 'F %s changed %s\n' "$number" "$why"
  elif [ "$(stat -c %s -- "$real")" -gt "$most" ]; then
    echo "F $number large"
  else
    echo "F $number read"
    { timeout -k 1 5 head -c "$most" -- "$real" && echo x; } | tr '\000\001' '\001\002' |
      keys=$2 secrets=$3 continues=$continues awk "$given$reader" | digest_values
  fi
}
given='BEGIN { keys = ENVIRON["keys"]; secrets = ENVIRON["secrets"]; continues = ENVIRON["continues"] + 0 }
'

digest_values() {
  while IFS= read -r line; do
    case $line in
      'V '*)
        line=${line#V }
        key=${line%% *} line=${line#* }
        bare=${line%% *} line=${line#* }
        digest=$(
          exec sha256sum <<END
$nonce$line
END
        )
        echo "V $key $bare ${digest%% *}"
        ;;
      *) printf '%s\n' "$line" ;;
    esac
  done
}
