# shellcheck shell=sh disable=SC2034,SC3045
# Comes before a script that is to end with the connection. Standard input stays open as long as someone waits for the
# answer: its end is the end of every process of the script's group. No file can be written, no core dumped; 2 GiB of
# addresses and 20 s of processor time for each program.
exec 3<&0 </dev/null
(while read -r qtctl_line; do :; done; kill -KILL 0) <&3 >/dev/null 2>&1 &
exec 3<&-
ulimit -c 0
ulimit -f 0
ulimit -t 20
ulimit -v 2097152
