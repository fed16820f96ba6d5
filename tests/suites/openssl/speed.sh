# openssl's own measurements, a second or more: only that they run, and find no wrong result. What is done once only in its time is left out of the table.
for name in md5 sha1 sha256 sha512 sha3-256 sm3 aes-128-cbc aes-256-ctr aes-128-gcm aes-256-ccm aes-128-xts aes-256-ocb chacha20 chacha20-poly1305 aria-128-cbc \
  camellia-128-cbc sm4-cbc des-ede3-cbc; do
  openssl speed -mr -seconds 1 -bytes 4096 -evp $name >out 2>&1 && grep -q '^+F' out || { echo "FAILED $name"; cat out; }
done
for name in rsa2048 dsa2048 ecdsap256 ecdsap384 ecdhp256 ecdhx25519 ed25519 ed448; do
  openssl speed -mr -seconds 6 $name >out 2>&1 && grep -q '^+F' out && ! grep -qi 'fail\|error' out || { echo "FAILED $name"; cat out; }
  grep '^+F' out | sed 's/^/# /'
done
true
