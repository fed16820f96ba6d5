# The mathematics of the C library by way of perl, every bit of it.
use strict; use warnings; use POSIX (); use Digest::MD5;
my ($x, %sums) = (1); my %functions = (sin => sub { sin $_[0] }, cos => sub { cos $_[0] }, exp => sub { exp $_[0] / 100 }, log => sub { log(abs($_[0]) + 1e-9) }, sqrt => sub { sqrt abs $_[0] }, atan2 => sub { atan2 $_[0], 3 }, pow => sub { abs($_[0]) ** 1.37 },
  map { my $name = $_; my $f = do { no strict 'refs'; \&{"POSIX::$name"} }; $name => sub { $f->($_[0] / 100) } } qw(tan asinh atan cbrt erf expm1 sinh cosh tanh tgamma lgamma log1p exp2 j0 y1));
my %digest = map { $_ => Digest::MD5->new } keys %functions;
for (1 .. 1500) { $x = ($x * 69069 + 1) & 0xffffffff; my $v = ($x - 2**31) / 2**21; for my $name (keys %functions) { my $r = $functions{$name}->($name eq 'y1' || $name eq 'log1p' ? abs $v : $v); $digest{$name}->add(pack 'd<', $r) if $r == $r } }
print "$_ ", $digest{$_}->hexdigest, "\n" for sort keys %digest;
