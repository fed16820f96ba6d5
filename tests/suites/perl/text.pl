# Text: regular expressions that are hard, substitution, Unicode, sorting, hashes, formats.
use strict; use warnings; use utf8; no warnings qw(recursion uninitialized);
use Digest::MD5 'md5_hex'; use Encode; use Unicode::Normalize; use List::Util qw(sum reduce shuffle uniq first);
binmode STDOUT, ':utf8';
my $s = join ' ', map { join '', map { chr(97 + ($_ * 7 + $_ ** 2 * 3) % 26) } $_ .. $_ + 3 + $_ % 9 } 1 .. 800;
my $nested; $nested = qr/\((?:[^()]++|(??{ $nested }))*+\)/;
my %count;
for my $r (qr/\b(\w)\w*\1\b/, qr/(?<=a)[^aeiou ]+(?=e)/, qr/(?i)(AB|CD|EF)+?/, qr/(\w+) (?=.*\b\1\b)/, qr/(?:a|ab)(?:c|bcd)(?:d*)/, qr/^(?:(\w+)\s+){20}/, qr/(?<x>[a-m])(?<y>[n-z])\k<x>/, qr/[^\W\d_]{11,}/, qr/(?>\w+)\s(?!\w{5}\b)/, qr/(.)(.)(?|\2\1|\1\1)/) {
  my @found = $s =~ /$r/g; print "$r ", scalar @found, ' ', md5_hex(join '|', map { $_ // 'undef' } @found), "\n";
}
print 'x(a(b)c)(d(e(f)))y((' =~ /($nested+)/ ? "$1\n" : "none\n";
print join('|', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaa' =~ /^(a+?)(a{2,}?)(a*)$/), "\n", ('a' x 14) =~ /^(?:a?){14}a{14}$/ ? "yes\n" : "no\n";
(my $t = $s) =~ s/(\w+)/ucfirst(reverse $1)/ge; print md5_hex($t), "\n"; ($t = $s) =~ tr/a-y/b-z/; print md5_hex($t), "\n";
my $i = 0; $t =~ s/([aeiou])/$i++ % 3 ? $1 : "<$i>"/ge; print length $t, ' ', md5_hex($t), ' ', md5_hex(join ',', (split /(?<=\d)>|</, $t)[0 .. 12]), "\n";
$t = substr $t, 0, 600; 1 while $t =~ s/^(.*?)(\w)\2/$1$2/; print length $t, "\n";
my $unicode = join '', map { chr } 0xc0 .. 0x17f, 0x370 .. 0x3ff, 0x400 .. 0x45f, 0x1e00 .. 0x1eff, 0x4e00 .. 0x4e40, 0xac00 .. 0xac40, 0x1f600 .. 0x1f620;
print md5_hex(encode('UTF-8', $_)), "\n" for lc $unicode, uc $unicode, fc_of($unicode), NFD($unicode), NFKC($unicode), scalar reverse $unicode;
print md5_hex(encode($_, $unicode)), " $_\n" for 'UTF-16LE', 'UTF-32BE', 'iso-8859-1', 'koi8-r', 'cp1252';
print scalar(() = $unicode =~ /\p{Lu}/g), ' ', scalar(() = $unicode =~ /\p{Greek}/g), ' ', scalar(() = NFD($unicode) =~ /\X/g), ' ', $unicode =~ /ß.*Ü/is ? 1 : 0, "\n";
sub fc_of { use feature 'fc'; return fc $_[0] }
my @words = split ' ', $s; $count{length $_}{substr $_, 0, 1}++ for @words;
print join(' ', map { my $l = $_; "$l:" . join '', map { "$_$count{$l}{$_}" } sort keys %{ $count{$l} } } sort { $a <=> $b } keys %count), "\n";
print md5_hex(join ',', sort @words), ' ', md5_hex(join ',', sort { length $a <=> length $b || $b cmp $a } @words), ' ', md5_hex(join ',', sort { $a <=> $b } map { sin_free($_) } 1 .. 3000), ' ', md5_hex(join ',', reverse sort { substr($a, 1, 1) cmp substr($b, 1, 1) } @words), "\n";
sub sin_free { my $n = $_[0]; return ($n * 7919 % 10007) / 13 - $n % 17 }
print sum(map { length } uniq @words), ' ', (reduce { $a ^ $b } map { unpack '%32C*', $_ } @words), ' ', first { /q.*z/ } @words; print "\n";
sub ackermann { my ($m, $n) = @_; return $m == 0 ? $n + 1 : ackermann($m - 1, $n == 0 ? 1 : ackermann($m, $n - 1)) } print ackermann(2, 40), "\n";
our ($left, $right, $centre) = ('left', 3.14159, "in the middle\nof it");
format STDOUT =
@<<<<<< @##.### @||||||||||||||||||||
$left, $right, $centre
^<<<<~~
$centre
.
write;
