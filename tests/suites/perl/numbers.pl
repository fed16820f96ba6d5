# Numbers: packed and unpacked, printed and read, integers at their limits, shifts, conversions between integers and floating point.
use strict; use warnings; no warnings qw(overflow portable pack numeric);
use Digest::MD5 'md5_hex';
my $state = 42;
sub next32 { $state = ($state * 1103515245 + 12345) & 0x7fffffff; my $high = $state >> 8; $state = ($state * 1103515245 + 12345) & 0x7fffffff; return ($high << 12 ^ $state >> 4) & 0xffffffff }
sub next64 { return next32() << 32 | next32() }
my @special = (0, 1, -1, 127, 128, 255, 256, -128, 32767, 32768, 65535, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**53, 2**53 + 1, 2**62, 9223372036854775807, -9223372036854775808, 18446744073709551615);
my @floats = (0.0, -0.0, 1.5, -2.25, 1 / 3, 1e-5, 123456789.125, 1e22, 1e23, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 9**9**9, -9**9**9, 0.1 + 0.2, 2**-1074 * 3, 4503599627370497.5, 1e15 / 3);
push @floats, unpack('d<', pack('Q<', next64() & 0x7fefffffffffffff)) for 1 .. 200;
for my $format (qw(c C s S s> S> l L l> L> q Q q> Q> n N v V w U f f> d d> H8 h8 B32 b32 Z5 A5 a5)) {
  my $packed = join '', map { my $n = $_; eval { pack $format, $format =~ /^[wU]/ ? abs(int $n) % 55000 : $format =~ /^[HhBb]/ ? sprintf('%032b', $n & 0xffffffff) : $n } // "no: $@" } @special, map { next64() } 1 .. 50;
  utf8::encode($packed) if utf8::is_utf8($packed);
  print "$format ", length $packed, ' ', md5_hex($packed), "\n";
}
print join(' ', unpack 'c C s< S> l> L< q> Q< n v w (H4)3 %32C*', join '', map { chr(next32() & 255) } 1 .. 80), "\n";
print join(' ', unpack('x3 X2 @8 n/a* C/(n) ', "12345678\0\3abc\2\0\1\0\2")), "\n";
for my $format ('%.0f', '%.3f', '%.17g', '%g', '%e', '%.0e', '%+012.4f', '%-14.2e|', '%a', '%.3a', '%#g', '%s') {
  my $printed = join ',', map { sprintf $format, $_ } @floats;
  print "$format ", substr($printed, 0, 200), ' ', md5_hex($printed), "\n";
}
my $wrong = grep { $_ != 0 + sprintf '%.17g', $_ } @floats; print "$wrong come back different\n";
for my $format ('%d', '%u', '%x', '%#o', '%b', '%+5d', '%-8x|', '%e', '%vd', '%c') {
  print "$format ", join(',', map { sprintf $format, $format eq '%c' ? 65 + abs($_) % 26 : $_ } @special), "\n";
}
print join(',', map { int($_) } grep { abs $_ < 1e18 } @floats[0 .. 17]), "\n";
print join(',', map { my $n = $_; map { $n <=> $_ } @special, @floats[0 .. 17] } @special) =~ tr/-//, "\n";
for my $n (@special) {
  no warnings 'uninitialized';
  print join(' ', $n + 1, $n - 1, $n * 3, $n / 7, $n % 1000, -$n % 1000, $n % -1000, $n ** 2, $n & 0xff0f, $n | 0x1234, $n ^ 0xffff, ~$n, $n << 3, $n >> 5, -$n, "$n" + 0, int($n / 3)), "\n";
  { use integer; print join(' ', $n + 1, $n * 3, $n / 7, $n % 1000, -$n % 1000, $n << 3, $n >> 5, ~$n), "\n" }
}
print join(' ', map { 0 + $_ } '12abc', '0x1f', ' 42 ', '1e3', '1e400', '-1e-400', '.5', '1_000', 'inf', 'nan', '0b11', '18446744073709551616', '-9223372036854775809', '0.1e-5'), "\n";
print join(' ', hex('ffffffffffffffff'), oct('0x7fffffffffffffff'), oct('0b' . '1' x 64), oct('777')), "\n";
my ($sum, $product, $h) = (0, 1, '');
for (1 .. 20000) { my $x = next64() / 2**64; $sum += $x * $x - $x / 3; $product *= 1 + ($x - .5) / 64; $h = md5_hex($h . pack 'd<d<', sqrt $x, $x / ($sum + 1e3)) if $_ % 10 == 0 }
printf "%.17g %.17g %s\n", $sum, $product, $h;
