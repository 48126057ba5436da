# Reads an env file as systemd does (parse_env_file_internal in env-file.c), and finds lines that systemd does not read
# as they look. The file is one record; a second record means that it had a NUL, which tr has replaced by \001. The last
# two characters were added by the caller. In the environment, `keys` and `secrets` are names between spaces;
# `continues` is 1 if a backslash continues a comment.
#
# Lines: `V KEY BARE VALUE`, with backslashes in the value doubled and line ends as \n; BARE is 1 if the file has the
# value without quotes or escapes. `S KEY 1` for a secret that is not empty, else 0. `U LINE NAME` for any other
# assignment, `-` for a name that may be something else. `L LINE KIND` for what is ignored or misread. `X utf8` or `X
# nul` if systemd rejects the file. `Z` at the end.
function is_space(c) { return c == " " || c == "\t" || c == "\n" || c == "\r" }
function is_end(c) { return c == "\n" || c == "\r" }
function note(at, kind) { if (!((at, kind) in noted)) { noted[at, kind] = 1; odd[at] = 1; print "L " at " " kind } }
function keep(c) { value = value c; kept = length(value) }
function assigns(rest) { return rest ~ /^[ \t]*[A-Za-z_][A-Za-z0-9_]*=/ }
function is_text(s) {
  if (s !~ /[\200-\377]/) return 1
  if (s ~ /\357\267[\220-\257]|\357\277[\276\277]|[\360-\364][\217\237\257\277]\277[\276\277]/) return 0
  gsub(/[\001-\177]+/, "", s)
  gsub(/\360[\220-\277][\200-\277][\200-\277]|[\361-\363][\200-\277][\200-\277][\200-\277]|\364[\200-\217][\200-\277][\200-\277]/, "", s)
  gsub(/\340[\240-\277][\200-\277]|[\341-\354\356\357][\200-\277][\200-\277]|\355[\200-\237][\200-\277]/, "", s)
  gsub(/[\302-\337][\200-\277]/, "", s)
  return s == ""
}
function push() {
  sub(/[ \t\n\r]+$/, "", key)
  if (!is_text(key) || !is_text(value)) refused = 1
  if (key !~ /^[A-Za-z_][A-Za-z0-9_]*$/) { note(begun, key ~ /^export[ \t]/ ? "export" : "name"); return }
  if (!(key in found)) order[++many] = key
  found[key] = value
  line_of[key] = begun
  at = from - length(key) - 1
  bare[key] = plain && value == substr(text, from, length(value)) && substr(text, at, length(key)) == key && \
    (at == 1 || substr(text, at - 1, 1) == "\n")
}
function after(c) { if (closed && blank && !is_end(c)) note(line, "closed") }
BEGIN { RS = "\001" }
NR == 1 { text = $0 }
NR == 2 { print "X nul\nZ"; refused = 1; exit }
END {
  if (refused) exit
  text = substr(text, 1, length(text) - 2)
  state = "pre_key"
  line = 1
  size = length(text)
  for (i = 1; i <= size; i++) {
    c = substr(text, i, 1)
    if (state == "pre_key") {
      if (c == "#" || c == ";") state = "comment"
      else if (!is_space(c)) { state = "in_key"; key = c; value = ""; kept = closed = blank = 0; plain = 1; begun = line }
    } else if (state == "in_key") {
      if (is_end(c)) { state = "pre_key"; note(begun, "equals") }
      else if (c == "=") { state = "pre_value"; from = i + 1 }
      else key = key c
    } else if (state == "pre_value") {
      if (c == "'" || c == "\"" || c == "\\") {
        after(c)
        state = c == "'" ? "single" : c == "\"" ? "double" : "escape"
        if (state != "escape") { opened = line; closed = 1 }
        plain = 0
      } else if (is_end(c)) { push(); state = "pre_key" }
      else if (is_space(c)) { blank = 1; plain = 0 }
      else {
        if (c == "#" && blank) note(line, "comment"); else after(c)
        keep(c)
        state = "in_value"
      }
    } else if (state == "in_value") {
      if (is_end(c)) { value = substr(value, 1, kept); push(); state = "pre_key" }
      else if (c == "\\") { kept = length(value); state = "escape"; plain = 0 }
      else {
        if (c == "#" && is_space(substr(text, i - 1, 1))) note(line, "comment")
        value = value c
        if (!is_space(c)) kept = length(value)
      }
    } else if (state == "escape") {
      if (!is_end(c)) keep(c)
      else if (assigns(substr(text, i + 1, 300))) note(line + (c == "\n"), "continued")
      state = "in_value"
    } else if (state == "single") {
      if (c == "'") { state = "pre_value"; blank = 0 } else keep(c)
    } else if (state == "double") {
      if (c == "\"") { state = "pre_value"; blank = 0 }
      else if (c == "\\") state = "double_escape"
      else keep(c)
    } else if (state == "double_escape") {
      if (c == "\"" || c == "\\" || c == "`" || c == "$") keep(c)
      else if (c != "\n") { keep("\\"); keep(c) }
      state = "double"
    } else if (state == "comment") {
      if (is_end(c)) state = "pre_key"; else if (c == "\\") state = "comment_escape"
    } else if (state == "comment_escape") {
      if (is_end(c) && !continues) state = "pre_key"
      else {
        if (is_end(c) && assigns(substr(text, i + 1, 300))) note(line + (c == "\n"), "continued")
        state = "comment"
      }
    }
    if (c == "\n") line++
  }
  if (state == "in_value") { value = substr(value, 1, kept); push() }
  else if (state == "in_key") note(begun, "equals")
  else if (state == "single" || state == "double" || state == "double_escape") { note(opened, "quote"); push() }
  else if (state == "pre_value" || state == "escape") push()
  if (refused) { print "X utf8\nZ"; exit }
  for (n = 1; n <= many; n++) {
    key = order[n]
    value = found[key]
    if (index(secrets, " " key " ")) print "S " key " " (value != "")
    else if (index(keys, " " key " ")) {
      gsub(/\\/, "\\\\", value)
      gsub(/\n/, "\\n", value)
      print "V " key " " bare[key] + 0 " " value
    } else {
      at = line_of[key]
      named = secrets == "" && length(key) <= 64 && key ~ /^[A-Z][A-Z0-9_]*$/ && !((at - 1) in odd)
      print "U " at " " (named ? key : "-")
    }
  }
  print "Z"
}
