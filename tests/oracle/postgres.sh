# Runs a PostgreSQL server of its own and prints the directory of its socket once it answers. The server lasts as long
# as the standard input: when the test that started it ends, however it ends, the server goes and leaves nothing behind.
# Passed to bash as text, so that another user can run it from a tree that only root may read.
set -euo pipefail
cd /

if [ "$(id -u)" = 0 ]; then
    # PostgreSQL refuses to run as root.
    user=postgres
    id "$user" > /dev/null 2>&1 || user=nobody
    exec runuser -u "$user" -- bash -c "$SCRIPT"
fi

bin=$(dirname "$(compgen -G '/usr/lib/postgresql/*/bin/initdb' | sort -V | tail -1 || command -v initdb)")
dir=$(mktemp -d /tmp/projector-pg.XXXXXX)
stop() {
    "$bin/pg_ctl" -D "$dir/data" -m immediate stop > /dev/null 2>&1 || true
    rm -rf "$dir"
}
trap stop EXIT

"$bin/initdb" -D "$dir/data" --no-sync -A trust -U oracle -E UTF8 --lc-collate=C --lc-ctype=C.UTF-8 > "$dir/log" 2>&1 ||
    { cat "$dir/log" >&2; exit 1; }
cat >> "$dir/data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$dir'
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 8GB
autovacuum = off
shared_buffers = 256MB
work_mem = 64MB
maintenance_work_mem = 256MB
jit = off
max_parallel_workers_per_gather = 0
TimeZone = UTC
CONF
"$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w start > /dev/null || { cat "$dir/log" >&2; exit 1; }
echo "$dir"
cat > /dev/null
