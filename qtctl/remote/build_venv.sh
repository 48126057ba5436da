# shellcheck shell=sh
# Builds a virtual environment. It runs as an account that owns nothing but the folder it writes, and without a network
# if the packages were sent.
#
# build_venv TARGET PYTHON FOLDER wheels|sources sent|index: FOLDER has the lock file, and packages/ in it has what was
# sent. Exit status 90: the interpreter is missing; 91: it cannot make virtual environments.
build_venv() {
  umask 022
  cd / && export HOME=/tmp
  [ -x "$2" ] || { echo "ERROR: $2 is not on the host" && exit 90; }
  set -- "$@" "$(command -v uv)"
  if [ -n "$6" ]; then build_with_uv "$@"; else build_with_pip "$@"; fi
}

build_with_pip() {
  where=$("$2" -I -c 'import ensurepip, venv; print(*ensurepip.__path__)' 2>/dev/null) || {
    echo "ERROR: $2 cannot make virtual environments: on Debian and Ubuntu, install python3-venv on the host"
    exit 91
  }
  # The distribution's own pip is run from its wheel, so that nothing but the locked packages is installed.
  pip=''
  for each in "$where"/_bundled/pip-*.whl /usr/share/python-wheels/pip-*.whl; do
    [ ! -f "$each" ] || pip=$each/pip
  done
  [ -n "$pip" ] || { echo "ERROR: $2 has no pip with it: on Debian and Ubuntu, install python3-venv on the host" && exit 91; }
  "$2" -I -m venv --without-pip -- "$1" || exit
  how='' from=''
  [ "$4" = sources ] || how='--only-binary :all:'
  [ "$5" = index ] || from="--no-index --find-links $3/packages"
  # shellcheck disable=SC2086 # words
  exec "$1/bin/python" -I "$pip" --isolated --no-input --disable-pip-version-check --no-cache-dir install \
    --require-hashes $how $from -r "$3/lock"
}

build_with_uv() {
  "$6" --no-config --no-cache venv --no-python-downloads --python "$2" -- "$1" || exit
  how='' from=''
  [ "$4" = sources ] || how='--only-binary :all:'
  [ "$5" = index ] || from="--no-index --find-links $3/packages"
  # shellcheck disable=SC2086 # words
  exec "$6" --no-config --no-cache pip install --python "$1/bin/python" --require-hashes $how $from -r "$3/lock"
}

build_venv "$@"
