# The workload over ROWS items, its dump, the database made again from the dump, and the same dump from that.
sed "s/4000/$ROWS/g" work.sql | sqlite3 work.db
sqlite3 work.db .dump >dump.sql; sqlite3 again.db <dump.sql; sqlite3 again.db .dump | cmp - dump.sql && echo 'dumps are the same'
grep -v '^PRAGMA' dump.sql | wc; md5sum <dump.sql
sqlite3 again.db 'PRAGMA integrity_check' 'SELECT count(*) FROM doc WHERE doc MATCH "sleep*"'
sqlite3 work.db '.mode csv' 'SELECT * FROM item ORDER BY id' >item.csv
sqlite3 third.db '.mode csv' 'CREATE TABLE item(id INTEGER PRIMARY KEY, kind, price REAL, amount INTEGER, note, data)' '.import item.csv item' \
  'SELECT count(*), printf("%.17g", sum(price)) FROM item'
i=0
{
  echo 'BEGIN; CREATE TABLE n(i INTEGER PRIMARY KEY, r REAL, t TEXT);'
  while [ $i -lt $((ROWS / 2)) ]; do
    i=$((i + 1))
    echo "INSERT INTO n VALUES($i, $i * 1.1 / ($i % 7 + 1), 't$((i * 7919 % 1009))'); UPDATE n SET r = r + 0.1 * $i WHERE i = $((i / 2 + 1));"
  done
  echo 'COMMIT; SELECT count(*), printf("%.17g", sum(r)), printf("%.17g", sum(r * r)), group_concat(t, "") FROM (SELECT * FROM n WHERE i % 50 = 0 ORDER BY r);'
  echo 'DELETE FROM n WHERE i % 3 = 0; PRAGMA integrity_check; SELECT count(*) FROM n;'
} | sqlite3 statements.db
sqlite3 -version | cut -d' ' -f1
