# The interpreter that the first line of each file names after `#!`: lines `S PATH//NAME`, or `H PATH` if the file could
# not be read. `E PATH//COMMAND`: the interpreter is env, and this is what it should run. `B PATH//`: neither a script
# nor in ELF. The arguments are paths after "= ". `from`: read this file instead. The last line is `end`; if it is
# missing, the program was stopped.
BEGIN {
  for (i = 1; i < ARGC; i++) {
    path = substr(ARGV[i], 3); file = from ? from : path; line = ""
    got = (getline line < file)
    if (!from) close(file)
    if (got < (from ? 1 : 0)) { print "H " path; continue }
    if (substr(line, 1, 2) != "#!") {
      if (substr(line, 1, 4) != "\177ELF") print "B " path "//"
      continue
    }
    line = substr(line, 3, 248)
    sub(/^[ \t]+/, "", line)
    words = line
    sub(/[ \t].*/, "", line)
    if (line == "") print "B " path "//"; else print "S " path "//" line
    if (line ~ /\/env$/ && sub(/^[^ \t]+[ \t]+/, "", words) && words ~ /^[A-Za-z0-9_][A-Za-z0-9_.+-]*\r?[ \t]*$/) {
      sub(/[ \t]+$/, "", words)
      print "E " path "//" words
    }
  }
  print "end"
}
