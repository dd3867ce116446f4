#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# docs/examples/postgresql/upgrade, the story that its README tells: three images, one after the other,
# on one volume, a kill in the middle, and the way back. See harness.sh.
set -u
# As the Dockerfile has it; of several versions the last one.
for programs in /usr/lib/postgresql/*/bin; do :; done
PATH=$programs:$PATH
example=postgresql
needs='postgres initdb pg_ctl psql'
. "$(dirname "$0")/harness.sh"

upgrade=$(dirname "$0")/../../docs/examples/postgresql/upgrade
ledger=/var/lib/postgresql/kaigara/ledger
ready='20*database system is ready to accept connections*' # a line of its own, not of an operation
app_password=open-sesame-app
report_password=open-sesame-report

# image VERSION: what stages 1 to VERSION of the Dockerfile copy, on top of the example.
image() {
    rm -rf /opt/provision/* && cp -R "$work/example/." /opt/provision || exit 1
    for version in 1 2 3; do
        [ "$version" -gt "$1" ] || cp -R "$upgrade/$version/." /opt/provision || exit 1
    done
    chmod -R u=rwX,go=rX /opt/provision
}

# begin [NAME=VALUE]...: a container of the image, with the secrets. So that a transaction can hold a
# lock from one server to the next, it may be a prepared one.
begin() {
    fresh /etc/postgresql
    secret postgresql_password "$app_password"
    secret report_password "$report_password"
    start KAIGARA_META_postgresql__settings__max_prepared_transactions=1 "$@"
}

# stop: as the engine does it.
stop() {
    signal TERM
    finish
}

# statement SOCKET SQL...: as the superuser, in the database of the application.
statement() {
    socket=$1
    shift
    for sql; do
        set -- "$@" -c "$sql"
        shift
    done
    setpriv --reuid=postgres --regid=postgres --init-groups \
        psql -X -q -At -w -h "$socket" -d app "$@" 2>&1
}
of_application=/run/postgresql
of_operations=/run/postgresql/provision

# columns: of the table, as the running application has it.
columns() {
    statement "$of_application" "SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute
        WHERE attrelid = 'customer'::regclass AND attnum > 0 AND NOT attisdropped"
}

# client ROLE PASSWORD SQL: over TCP.
client() { PGPASSWORD=$2 psql -X -q -At -w -h 127.0.0.1 -U "$1" -d app -c "$3" 2>&1; }

# operations: those that have printed something in this container, but for the two that run always.
operations() {
    sed -n 's/^\[\([^]]*\)\].*/\1/p' "$work/log" | grep -v -e ^10- -e ^20- | uniq | paste -s -d ' '
}

# events NAME: what the ledger has of an operation.
events() { awk -v name="$1" '$4 == name { print $3 }' "$ledger" | paste -s -d ' '; }

# keep NAME, bring_back NAME: a copy of the volume, as one makes it before an upgrade.
keep() { cp -aT /var/lib/postgresql "$work/$1"; }
bring_back() {
    find /var/lib/postgresql -mindepth 1 -delete
    cp -aT "$work/$1" /var/lib/postgresql
}

# bytes: of all files of the cluster and the ledger.
bytes() { (cd /var/lib/postgresql && find . -type f -exec sha256sum {} + | sort | sha256sum); }

volume /var/lib/postgresql
cp -R /opt/provision "$work/example"
rm -r "$work/example/upgrade"

# ---- image 1: the schema

image 1
begin
await "$ready"
is "image 1 makes role, database and table" "$(operations)" "30-role-and-database 40-customer"
is "the table has the columns of version 1" "$(columns)" "number name fax"
is "and belongs to the application's role, which fills it" \
    "$(client app "$app_password" "INSERT INTO customer (name, fax) VALUES ('Ada', '1815') RETURNING name")" Ada
is "the ledger lies on the volume, and has it" "$(events 40-customer)" "started done"
stop
is "TERM ends it with 0" "$ended" 0

begin
await "$ready"
is "a second start has nothing to do but what is always done" "$(operations)" ""
is "the row is there" "$(client app "$app_password" 'SELECT name, fax FROM customer')" "Ada|1815"

# What makes the next image stop in the middle of its operation: when the column has been added, inside
# of the transaction, a lock has to be had, which a prepared transaction holds. That outlives servers.
is "a hold is laid" "$(statement "$of_application" "
    CREATE FUNCTION hold() RETURNS event_trigger LANGUAGE plpgsql AS \$\$ BEGIN
        RAISE NOTICE 'the column is added, not committed';
        PERFORM pg_advisory_xact_lock(1);
    END \$\$" "
    CREATE EVENT TRIGGER hold ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION hold()" "
    BEGIN" "SELECT FROM pg_advisory_xact_lock(1)" "PREPARE TRANSACTION 'held'")" ""
stop
keep volume-1

# ---- image 2: a column and a role, and a kill -9

image 2
begin
await '*the column is added, not committed*'
of_container=$(namespace)
signal KILL
finish
is "image 2 is killed in the middle of its column, with all that it had started" \
    "$(processes "$of_container")$(logged '[50-email] table')" no
is "the ledger says that it began, and not how it ended" "$(events 50-email)" started
is "the role has not come to its turn" "$(events 60-report)" ""

begin
await '*the column is added, not committed*'
is "the next start knows that it was killed" \
    "$(logged '[50-email] the last start was killed in the middle of this; doing it again')" yes
is "what the killed one had done has been rolled back: it is added anew" "$(statement "$of_operations" \
    "SELECT count(*) FROM pg_attribute WHERE attrelid = 'customer'::regclass AND attname = 'email'")" 0
is "the hold is taken away" "$(statement "$of_operations" "ROLLBACK PREPARED 'held'")" ""
await "$ready"
is "it goes on where it was, and makes the role" "$(operations)" "50-email 60-report"
is "the column is there, once" "$(columns)" "number name fax email"
is "the row has survived the kill" "$(client app "$app_password" 'SELECT name, fax, email FROM customer')" "Ada|1815|"
is "the ledger has both runs of the column" "$(events 50-email)" "started started done"
is "and one of the schema" "$(events 40-customer)" "started done"
is "the role connects with the password of its secret, and reads" \
    "$(client report "$report_password" 'SELECT name FROM customer')" Ada
is "and only that" "$(client report "$report_password" 'DELETE FROM customer')" \
    "ERROR:  permission denied for table customer"
statement "$of_application" "DROP EVENT TRIGGER hold" "DROP FUNCTION hold" >/dev/null
stop

begin KAIGARA_META_report__connections=1
await "$ready"
is "with other metadata the role alone is made again" "$(operations)" 60-report
is "as the metadata has it" "$(statement "$of_application" \
    "SELECT rolconnlimit FROM pg_roles WHERE rolname = 'report'")" 1
stop
report_password=open-sesame-anew
begin KAIGARA_META_report__connections=1
await "$ready"
is "so it is with another secret" "$(operations)" 60-report
is "which is in force" "$(client report "$report_password" 'SELECT name FROM customer')" Ada
stop
keep volume-2

image 1
begin
await "$ready"
is "back to image 1 is a warning, for nothing of it is a barrier" \
    "$(logged 'applied to this ledger, and not in this image: 50-email, 60-report')$(operations)" yes
is "its program has its columns" "$(client app "$app_password" 'SELECT name, fax FROM customer')" "Ada|1815"
stop

# ---- image 3: the barrier

image 3
begin
await "$ready"
is "image 3 drops a column, and makes the role as its metadata has it" "$(operations)" "60-report 70-no-fax"
is "it is gone" "$(columns)" "number name email"
is "the rest of the row is there" "$(client app "$app_password" 'SELECT name FROM customer')" Ada
stop

# ---- and back to image 2

image 2
before=$(bytes)
begin
# It has to end by itself; or what it has started is stopped, and the sentences below tell it.
while IFS= read -r line <&3; do
    printf '%s\n' "$line" >>"$work/log"
    # shellcheck disable=SC2254 # it is a pattern
    case $line in $ready) signal TERM ;; esac
done
finish
is "image 2 is refused: 78" "$ended" 78
is "the barrier is named" "$(logged 'operation 70-no-fax has been applied to this ledger')" yes
is "and what to do" \
    "$(logged 'Start the newer image again, or bring back the data and the ledger of before it')" yes
is "no operation has run" "$(grep -c '^\[' "$work/log")" 0
is "no file has been rendered" "$(ls /etc/postgresql)" "$(ls "$work/image/etc/postgresql")"
is "no server was started" "$(logged 'PostgreSQL')$(ls /run/postgresql 2>/dev/null)" no
is "cluster and ledger are what they were, byte for byte" "$(bytes)" "$before"

is "plan says it too, with status 3" \
    "$(kaigara plan 2>&1 | grep -c '70-no-fax.*barrier')$(kaigara plan >/dev/null 2>&1; echo $?)" 13

bring_back volume-2
begin KAIGARA_META_report__connections=1
await "$ready"
is "on the copy of before the barrier it runs" "$(operations)" ""
is "with the column" "$(client app "$app_password" 'SELECT name, fax FROM customer')" "Ada|1815"
stop

image 3
begin KAIGARA_META_report__connections=1
await "$ready"
is "and can be upgraded again" "$(operations)" 70-no-fax
stop

# ---- from 1 to 3

bring_back volume-1
begin
await '*the column is added, not committed*'
stop
is "a stop in the middle of the column ends the start: 128 + TERM" "$ended" 143
is "the server of the operation was shut down in order" \
    "$(pg_controldata /var/lib/postgresql/data | sed -n 's/^Database cluster state: *//p')" "shut down"
is "the ledger says that it was cancelled" "$(events 50-email)" "started cancelled"

begin
await '*the column is added, not committed*'
is "which is no interruption for the next start" "$(logged 'was killed in the middle')" no
statement "$of_operations" "ROLLBACK PREPARED 'held'" >/dev/null
await "$ready"
is "image 3 on a volume of image 1 does what both have added, in order" \
    "$(operations)" "50-email 60-report 70-no-fax"
is "the table is the same" "$(columns)" "number name email"
is "the row is there" "$(client app "$app_password" 'SELECT name FROM customer')" Ada
stop
is "kaigara finds no fault with the ledger" \
    "$(kaigara ledger verify >/dev/null 2>&1; echo $?)" 0

is "no log has a password" "$(ever_logged open-sesame)" no
is "nor has the ledger" "$(grep -c open-sesame "$ledger")" 0

done_testing
