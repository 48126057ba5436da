# shellcheck shell=sh disable=SC2034,SC3045
# Goes before a script that must end with the connection. Standard input stays open as long as someone waits for the
# answer. When it closes, every process of the script's group is killed. No file can be written and no core dumped, and
# each program has 2 GiB of address space and 20 s of processor time.
exec 3<&0 </dev/null
(while read -r qtctl_line; do :; done; kill -KILL 0) <&3 >/dev/null 2>&1 &
exec 3<&-
ulimit -c 0
ulimit -f 0
ulimit -t 20
ulimit -v 2097152
