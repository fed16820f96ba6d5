# Keys of every kind made here: they sign, verify, refuse what was changed, seal and open.
. ./data.sh
made() { # NAME GENPKEY-OPTIONS
  name=$1; shift
  openssl genpkey -quiet "$@" -out "$name.key" 2>/dev/null || openssl genpkey "$@" -out "$name.key" 2>/dev/null || { echo "FAILED $name: no key"; return 1; }
  openssl pkey -in "$name.key" -pubout -out "$name.public" && openssl pkey -in "$name.key" -check -noout || echo "FAILED $name: the key is not good"
}
signs() { # NAME DIGEST OPTIONS
  name=$1 digest=$2; shift 2
  openssl dgst -$digest "$@" -sign "$name.key" -out signature data && openssl dgst -$digest "$@" -verify "$name.public" -signature signature data || echo "FAILED $name $digest $*"
  openssl dgst -$digest "$@" -verify "$name.public" -signature signature data-1000 >/dev/null 2>&1 && echo "FAILED $name $digest $*: takes another text's signature"
}
for bits in $RSA; do
  made rsa$bits -algorithm RSA -pkeyopt rsa_keygen_bits:$bits && for digest in sha1 sha256 sha512; do signs rsa$bits $digest; done
  signs rsa$bits sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32
  for padding in pkcs1 oaep; do
    openssl pkeyutl -encrypt -pubin -inkey rsa$bits.public -pkeyopt rsa_padding_mode:$padding -in data-55 -out sealed &&
      openssl pkeyutl -decrypt -inkey rsa$bits.key -pkeyopt rsa_padding_mode:$padding -in sealed | cmp - data-55 || echo "FAILED rsa$bits $padding"
  done
done
for curve in $CURVES; do made $curve -algorithm EC -pkeyopt ec_paramgen_curve:$curve && signs $curve sha256 && signs $curve sha512; done
for name in ED25519 ED448; do
  made $name -algorithm $name
  openssl pkeyutl -sign -inkey $name.key -rawin -in data -out signature && openssl pkeyutl -verify -pubin -inkey $name.public -rawin -in data -sigfile signature || echo "FAILED $name"
  openssl pkeyutl -verify -pubin -inkey $name.public -rawin -in data-1000 -sigfile signature >/dev/null 2>&1 && echo "FAILED $name: takes another text's signature"
done
for name in X25519 X448; do
  made $name -algorithm $name; cp $name.public other.public; cp $name.key other.key; made $name -algorithm $name
  openssl pkeyutl -derive -inkey $name.key -peerkey other.public -out a; openssl pkeyutl -derive -inkey other.key -peerkey $name.public | cmp - a || echo "FAILED $name"
done
true
