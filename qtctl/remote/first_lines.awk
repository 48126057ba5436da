# The interpreter that the first line of each file names after `#!`: lines `S PATH//NAME`, or `H PATH` if the file could
# not be read. The arguments are paths after "= ". `from`: read this file instead. The last line is `end`; if it is
# missing, the program was stopped.
BEGIN {
  for (i = 1; i < ARGC; i++) {
    path = substr(ARGV[i], 3); file = from ? from : path; line = ""
    got = (getline line < file)
    if (!from) close(file)
    if (got < (from ? 1 : 0)) print "H " path
    if (substr(line, 1, 2) != "#!") continue
    line = substr(line, 3, 248)
    sub(/^[ \t]+/, "", line)
    sub(/[ \t].*/, "", line)
    print "S " path "//" line
  }
  print "end"
}
