# Every cipher and mode that `openssl enc` works with, over fixed data, and back. The expected lines were made on another architecture.
. ./data.sh
key=$(for i in 0 1 2 3; do printf '%s' 0011223344556677 8899aabbccddeef$i; done) iv=0f0e0d0c0b0a09080706050403020100
head -c 20011 data >plain
run() { openssl enc -provider legacy -provider default "$@" -K $key -iv $iv 2>/dev/null; }
for cipher in $CIPHERS; do
  run -$cipher <plain >sealed || { echo "$cipher: not with enc"; continue; }
  echo "$cipher $(openssl dgst -sha256 -r <sealed)"
  run -d -$cipher <sealed >opened; cmp plain opened || echo "$cipher: what comes back is different"
done
