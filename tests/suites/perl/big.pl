# Math::BigInt, BigFloat and BigRat in pure Perl.
use strict; use warnings;
use Math::BigInt lib => 'Calc'; use Math::BigFloat lib => 'Calc'; use Math::BigRat;
my $n = Math::BigInt->new(100)->bfac; print "$n\n", $n->copy->bdiv(Math::BigInt->new('123456789123456789'))->bstr, "\n";
print Math::BigInt->new(3)->bpow(700), "\n", Math::BigInt->new('0x' . 'deadbeef' x 10)->bmodpow(65537, Math::BigInt->new(2)->bpow(255)->bsub(19)), "\n";
print Math::BigInt->new(2)->bpow(521)->bsub(1)->bmodinv(Math::BigInt->new(10)->bpow(50)->badd(151)), "\n";
print Math::BigInt::bgcd(Math::BigInt->new(60)->bfac, Math::BigInt->new(7)->bpow(100)), ' ', Math::BigInt->new('1' . '0' x 60)->bsqrt, ' ', Math::BigInt->new(10)->bpow(90)->broot(7), "\n";
my ($a, $b) = map { Math::BigInt->new($_) } '-987654321987654321987654321', '123456789012345678901';
print join(' ', $a + $b, $a - $b, $a * $b, $a / $b, $a % $b, $a & $b, $a | $b, $a ^ $b, $a << 17, $a >> 17, $a <=> $b, $a->copy->babs->as_hex, $b->as_bin), "\n";
print Math::BigFloat->bpi(120), "\n", Math::BigFloat->new(2)->bsqrt(80), "\n", Math::BigFloat->new(1)->bexp(60), "\n", Math::BigFloat->new('1.1')->blog(undef, 40), "\n";
print Math::BigFloat->new('1e-30')->bdiv('7e12', 50), ' ', Math::BigFloat->new('12345.678901')->bpow('2.5', 30), ' ', Math::BigFloat->new('0.5')->bsin(40), ' ', Math::BigFloat->new(3)->batan2(4, 40), "\n";
my $sum = Math::BigRat->new(0); $sum += Math::BigRat->new("1/$_") for 1 .. 60; print "$sum ", $sum->as_float(40), "\n";
my ($f, $g) = (Math::BigInt->new(0), Math::BigInt->new(1)); ($f, $g) = ($g, $f + $g) for 1 .. 800; print "$f\n";
