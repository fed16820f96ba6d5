# s_server and s_client over loopback: each version, cipher, key and group sends a file back, which must be the same.
. ./data.sh
mkdir served; cp data served/
openssl req -x509 -newkey rsa:2048 -noenc -subj /CN=localhost -keyout rsa.key -out rsa.pem -days 30 2>/dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -subj /CN=localhost -keyout ec.key -out ec.pem -days 30 2>/dev/null
openssl req -x509 -newkey ed25519 -noenc -subj /CN=localhost -keyout ed.key -out ed.pem -days 30 2>/dev/null
port=4400
fetch() { # KEY OPTIONS: the file `data` from a server with that key
  key=$1; shift; port=$((port + 1))
  (cd served && exec openssl s_server -accept 127.0.0.1:$port -cert ../$key.pem -key ../$key.key -WWW -quiet -cipher ALL:@SECLEVEL=0 -ciphersuites TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256 >/dev/null 2>&1) &
  server=$! tries=0
  until printf 'GET /data HTTP/1.0\r\n\r\n' | openssl s_client -connect 127.0.0.1:$port -CAfile $key.pem -verify_return_error -verify_quiet -quiet -ign_eof "$@" >answer 2>trouble; do
    tries=$((tries + 1)); grep -q 'Connection refused' trouble && [ $tries -lt 50 ] || break
    sleep 0.2
  done
  kill $server; wait $server 2>/dev/null
  tail -c 100003 answer | cmp -s - data && echo "COUNT 1 connections" || { echo "FAILED $key $*"; cat trouble; }
}
for cipher in $TLS13; do fetch rsa -tls1_3 -ciphersuites $cipher; done
for cipher in $TLS12_RSA; do fetch rsa -tls1_2 -cipher $cipher:@SECLEVEL=0; done
for cipher in $TLS12_EC; do fetch ec -tls1_2 -cipher $cipher:@SECLEVEL=0; done
[ -n "$SHORT" ] && exit 0
fetch ec -tls1_3
fetch ed -tls1_3
fetch ed -tls1_2
for group in P-256 P-384 P-521 X25519 X448 ffdhe2048; do fetch ec -tls1_3 -groups $group; done
