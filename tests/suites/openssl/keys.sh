# Points on curves: keys from fixed numbers, their public halves, what two of them agree on, and Ed25519's and Ed448's signatures, which are deterministic.
. ./data.sh
hex() { openssl dgst -sha512 -r <"data-$1" | cut -c1-$2; }
key() { # CURVE FILE HEX
  printf 'asn1=SEQUENCE:key\n[key]\nversion=INTEGER:1\nsecret=FORMAT:HEX,OCTETSTRING:%s\ncurve=EXPLICIT:0,OID:%s\n' "$3" "$1" >key.conf
  openssl asn1parse -genconf key.conf -noout -out key.der && openssl pkey -inform DER -in key.der -out "$2" && openssl pkey -in "$2" -pubout -out "$2.public" && openssl pkey -pubin -in "$2.public" -outform DER | openssl dgst -sha256 -r
}
for curve in $CURVES; do
  size=${curve#*:} curve=${curve%:*}
  echo "$curve"
  key $curve a "00$(hex 16 $size)"; key $curve b "00$(hex 64 $size)"
  openssl pkeyutl -derive -inkey a -peerkey b.public | openssl dgst -sha256 -r
  openssl pkeyutl -derive -inkey b -peerkey a.public | openssl dgst -sha256 -r
done
edwards() { # NAME OID-BYTE LENGTH
  printf 'asn1=SEQUENCE:key\n[key]\nversion=INTEGER:0\nalgorithm=SEQUENCE:oid\nsecret=OCTWRAP,FORMAT:HEX,OCTETSTRING:%s\n[oid]\nid=OID:%s\n' "$(hex 56 $3)" "$2" >key.conf
  openssl asn1parse -genconf key.conf -noout -out key.der && openssl pkey -inform DER -in key.der -out $1.key && openssl pkey -in $1.key -pubout -out $1.public && openssl pkey -in $1.key -noout -text
}
edwards ED25519 1.3.101.112 64
edwards ED448 1.3.101.113 114
edwards X25519 1.3.101.110 64
edwards X448 1.3.101.111 112
for name in ED25519 ED448; do
  openssl pkeyutl -sign -inkey $name.key -rawin -in data-1000 -out signature && openssl dgst -sha256 -r signature
  openssl pkeyutl -verify -pubin -inkey $name.public -rawin -in data-1000 -sigfile signature
done
for n in 0 1 2 3 4 5 6 7; do openssl prime $((1000003 + 2 * n)); done
openssl prime -hex FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF
