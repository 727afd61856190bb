# What several scripts need. Sourced, never run; works with the bash 3.2 of macOS.

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# The folder with the newest initdb, in the order in which `agora up` looks. Fails if there is none.
postgres_bin() {
  local folder name digits best='' best_version=-1
  if [ -n "${AGORA_POSTGRES_BIN:-}" ]; then
    printf '%s\n' "$AGORA_POSTGRES_BIN"
    return
  fi
  for folder in /usr/lib/postgresql/*/bin /opt/homebrew/opt/*/bin /usr/local/opt/*/bin /usr/pgsql/*/bin; do
    [ -x "$folder/initdb" ] && [ -x "$folder/pg_ctl" ] || continue
    name=${folder%/bin}
    digits=${name##*/}
    digits=${digits//[^0-9]/}
    if [ "${digits:-0}" -gt "$best_version" ]; then
      best=$folder best_version=${digits:-0}
    fi
  done
  if [ -z "$best" ]; then
    best=$(command -v initdb) || return 1
    best=${best%/initdb}
  fi
  printf '%s\n' "$best"
}

# Whether dotted version $1 is at least $2.
at_least() {
  local IFS=. i
  local -a have=($1) want=($2)
  for i in 0 1 2; do
    [ "${have[$i]:-0}" -gt "${want[$i]:-0}" ] && return 0
    [ "${have[$i]:-0}" -lt "${want[$i]:-0}" ] && return 1
  done
  return 0
}
