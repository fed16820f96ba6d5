# The data that everything here works on: a cipher's stream, and files of it as long as blocks and paddings are interesting.
openssl enc -chacha20 -K 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f -iv 00000000000000000000000000000001 -in /dev/zero 2>/dev/null | head -c 100003 >data
for size in 0 1 16 55 56 63 64 111 112 127 128 1000 65536; do head -c $size data >data-$size; done
