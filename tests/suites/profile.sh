# /etc/profile of a guest that runs suites. The console's shell reads it and never gets further: it runs the parts it is told to run.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
stty -echo -opost

# What the part leaves running would keep the pipe open, and be in the next one's way.
end_session() {
  cat /proc/[0-9]*/stat 2>/dev/null | awk -v session="$1" '{ pid = $1; sub(/.*\) /, ""); if ($4 == session) print pid }' | while read -r pid; do kill -9 "$pid"; done
}

echo '@@ready@@'
while read -r part mark; do
  [ "$part" = off ] && poweroff -f
  printf '\n@@%s begin\n' "$mark"
  {
    # A session of its own, so that it can be found; a pipe, so that it sees no terminal.
    setsid sh -c 'echo $$ >/suite/session; cd "/suite/$0" && exec sh "/suite/$0.sh"' "$part" </dev/null 2>&1
    echo $? >/suite/status
    end_session "$(cat /suite/session)" >/dev/null 2>&1
  } | cat
  printf '\n@@%s end %s\n' "$mark" "$(cat /suite/status)"
  rm -rf "/suite/$part"
done
