# All digests, MACs and key derivations, over data of many lengths. The expected lines were made on another architecture.
. ./data.sh
for digest in $DIGESTS; do
  openssl dgst -provider legacy -provider default -$digest data-0 data-1 data-16 data-55 data-56 data-63 data-64 data-111 data-112 data-127 data-128 data-1000 data
done
[ -n "$SHORT" ] && exit 0
key=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
for file in data-1 data-64 data; do
  for digest in md5 sha1 sha256 sha512 sha3-256; do echo "$digest $(openssl mac -digest $digest -macopt hexkey:$key -in $file HMAC)"; done
  for cipher in aes-128-gcm aria-128-gcm; do echo "$cipher $(openssl mac -cipher $cipher -macopt hexkey:000102030405060708090a0b0c0d0e0f -macopt hexiv:000102030405060708090a0b -in $file GMAC)"; done
  for cipher in aes-128-cbc camellia-128-cbc; do echo "$cipher $(openssl mac -cipher $cipher -macopt hexkey:000102030405060708090a0b0c0d0e0f -in $file CMAC)"; done
  for mac in POLY1305 KMAC-128 KMAC-256 BLAKE2BMAC BLAKE2SMAC; do echo "$mac $(openssl mac -macopt hexkey:$key -in $file $mac)"; done
  echo "SIPHASH $(openssl mac -macopt hexkey:000102030405060708090a0b0c0d0e0f -in $file SIPHASH)"
done
openssl kdf -keylen 64 -kdfopt digest:SHA256 -kdfopt pass:secret -kdfopt salt:salt -kdfopt iter:2000 PBKDF2
openssl kdf -keylen 64 -kdfopt pass:secret -kdfopt salt:salt -kdfopt n:256 -kdfopt r:8 -kdfopt p:1 SCRYPT
openssl kdf -keylen 64 -kdfopt digest:SHA512 -kdfopt key:secret -kdfopt salt:salt -kdfopt info:label HKDF
openssl kdf -keylen 64 -kdfopt digest:SHA384 -kdfopt secret:secret -kdfopt seed:seed TLS1-PRF
