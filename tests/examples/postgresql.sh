#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# docs/examples/postgresql, from a fresh volume: see harness.sh.
set -u
# As the Dockerfile has it; of several versions the last one.
for programs in /usr/lib/postgresql/*/bin; do :; done
PATH=$programs:$PATH
example=postgresql
needs='postgres initdb pg_ctl psql'
. "$(dirname "$0")/harness.sh"

data=/var/lib/postgresql/data
ready='20*database system is ready to accept connections*' # a line of its own, not of an operation
first_password="it's \"half\" {{secrets}} \$HOME \\ %s"
second_password="; DROP ROLE app; -- 'whole"

# client PASSWORD OPTION...: psql as the role, over TCP.
client() {
    PGPASSWORD=$1 && export PGPASSWORD && shift
    psql -X -q -At -w -h 127.0.0.1 -U app -d app "$@" 2>&1
}

# superuser SQL: psql as postgres, over the socket.
superuser() {
    setpriv --reuid=postgres --regid=postgres --init-groups psql -X -q -At -w -d postgres -c "$1" 2>&1
}

# cluster FIELD: of the control file, which names the cluster and how it was left.
cluster() { pg_controldata "$data" | sed -n "s/^$1: *//p"; }

volume /var/lib/postgresql

# ---- a fresh volume, but for what a start leaves that was killed in the middle of initdb

mkdir -p "$data.new/base"
fresh /etc/postgresql
secret postgresql_password "$first_password"
start KAIGARA_META_postgresql__settings__max_connections=23
await "$ready"
is "initdb has run" "$(logged "[20-initdb] made $data")" yes
is "as if for the first time" "$(ls /var/lib/postgresql)" "data
kaigara"
is "the role connects over TCP with the password of the secret" \
    "$(client "$first_password" -c 'SELECT current_user')" app
is "and with no other" \
    "$(client wrong -c 'SELECT 1' | grep -c 'password authentication failed for user "app"')" 1
is "the server has a verifier of SCRAM for it" \
    "$(superuser "SELECT split_part(rolpassword, '\$', 1) FROM pg_authid WHERE rolname = 'app'")" \
    SCRAM-SHA-256
is "pg_hba.conf lets the role in with SCRAM, and nobody else from outside" \
    "$(superuser "SELECT DISTINCT type, user_name, auth_method FROM pg_hba_file_rules ORDER BY 1")" \
    "host|{app}|scram-sha-256
local|{postgres}|peer"
is "the database belongs to the role" \
    "$(superuser "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'app'")" app
is "a setting of the image's metadata is in force" "$(client "$first_password" -c 'SHOW shared_buffers')" 64MB
is "so is one of the environment" "$(client "$first_password" -c 'SHOW max_connections')" 23
is "one postgres is left of all that were started, as its own user" "$(application user)" postgres
is "nothing of the secret or of kaigara is in its environment" "$(environment | grep -c -e half -e KAIGARA)" 0
is "a table is made and filled" \
    "$(client "$first_password" -c 'CREATE TABLE note (text text)' \
        -c "INSERT INTO note VALUES ('from the first')")" ""

# A client that stays connected: a smart shutdown, which TERM asks postgres for, would wait for it.
mkfifo "$work/statements" "$work/answers"
client "$first_password" <"$work/statements" >"$work/answers" &
connected=$!
exec 4>"$work/statements" 5<"$work/answers"
echo "SELECT 'connected';" >&4
read -r answer <&5
is "a client is connected" "$answer" connected
of_container=$(namespace)
signal TERM
await '20*received * shutdown request'
is "TERM is a fast shutdown, which waits for no client" "${line##* received }" "fast shutdown request"
# Or this would wait too.
case $line in *'received fast'*) ;; *) exec 4>&- ;; esac
finish
exec 4>&- 5<&-
wait "$connected"
is "it ends postgres, and the status is 0" "$ended" 0
is "the cluster was shut down in order" "$(cluster 'Database cluster state')" "shut down"
is "and has no server any more" "$(ls "$data/postmaster.pid" 2>/dev/null)" ""
is "no process of postgres is left" "$(processes "$of_container")" ""
identifier=$(cluster 'Database system identifier')

# ---- a new container on the same volume, with a new password

fresh /etc/postgresql
secret postgresql_password "$second_password"
start KAIGARA_META_postgresql__settings__max_connections=31
await "$ready"
is "initdb has not run again" "$(logged "[20-initdb] $data is there")" yes
is "it is the same cluster" "$(cluster 'Database system identifier')" "$identifier"
is "the row has survived" "$(client "$second_password" -c 'SELECT text FROM note')" "from the first"
is "the new password has replaced the old one" \
    "$(client "$first_password" -c 'SELECT 1' | grep -c 'password authentication failed')" 1
is "the new setting is in force" "$(client "$second_password" -c 'SHOW max_connections')" 31
is "nothing had to be recovered" "$(logged 'not properly shut down')" no
signal TERM
finish
is "TERM ends it again with 0" "$ended" 0

# ---- what cannot work

before=$(stat -c '%i %Y %Z' /etc/postgresql/postgresql.conf)
start KAIGARA_META_postgresql__settings__max_connections=lots
finish
is "a configuration that postgres refuses is not started: 65" "$ended" 65
is "what postgres says of it is told" "$(logged 'invalid value for parameter "max_connections": "lots"')" yes
is "the old configuration stays" "$(stat -c '%i %Y %Z' /etc/postgresql/postgresql.conf)" "$before"

fresh /etc/postgresql
start
finish
is "without the secret an operation fails: 80" "$ended" 80
is "which is told" "$(logged 'mount a secret called postgresql_password')" yes
is "no server is left" "$(ls "$data/postmaster.pid" 2>/dev/null)" ""

is "no log has a password" "$(ever_logged half)$(ever_logged whole)" nono

done_testing
