# Removes the assignments of one key from an env file, as systemd reads them: lines that a quote or a backslash
# continues go too, and everything else stays as it is. Input and `continues` are as in env_file.awk; `key` is the name.
#
# Exit status 3: the file has a NUL. 4: it ends inside a quote or with a backslash, so that nothing can be appended.
function is_end(c) { return c == "\n" || c == "\r" }
function is_space(c) { return is_end(c) || c == " " || c == "\t" }
function push(to) {
  sub(/[ \t\n\r]+$/, "", name)
  if (name == key) { out = out substr(text, kept, begun - kept); kept = to }
}
BEGIN { RS = "\001" }
NR == 1 { text = $0 }
NR == 2 { status = 3; exit }
END {
  if (status) exit status
  text = substr(text, 1, length(text) - 2)
  size = length(text)
  state = "pre_key"
  kept = begun = first = 1
  for (i = 1; i <= size; i++) {
    c = substr(text, i, 1)
    if (state == "pre_key") {
      if (is_end(c)) first = i + 1
      else if (c == "#" || c == ";") state = "comment"
      else if (!is_space(c)) { state = "in_key"; name = c; begun = first }
    } else if (state == "in_key") {
      if (is_end(c)) { state = "pre_key"; first = i + 1 }
      else if (c == "=") state = "pre_value"
      else name = name c
    } else if (state == "pre_value" || state == "in_value") {
      if (is_end(c)) { push(i + 1); state = "pre_key"; first = i + 1 }
      else if (c == "\\") state = "escape"
      else if (state == "pre_value" && c == "'") state = "single"
      else if (state == "pre_value" && c == "\"") state = "double"
      else if (!is_space(c)) state = "in_value"
    } else if (state == "escape") state = "in_value"
    else if (state == "single") { if (c == "'") state = "pre_value" }
    else if (state == "double") { if (c == "\"") state = "pre_value"; else if (c == "\\") state = "double_escape" }
    else if (state == "double_escape") state = "double"
    else if (state == "comment") { if (is_end(c)) { state = "pre_key"; first = i + 1 } else if (c == "\\") state = "comment_escape" }
    else if (state == "comment_escape") { if (is_end(c) && !continues) { state = "pre_key"; first = i + 1 } else state = "comment" }
  }
  if (state ~ /single|double|escape/) exit 4
  if (state ~ /value/) push(size + 1)
  out = out substr(text, kept)
  if (out != "" && out !~ /\n$/) out = out "\n"
  printf "%s", out
}
