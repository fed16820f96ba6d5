# Modules written in C: Digest::SHA, Storable, Compress::Zlib, MIME::Base64, Data::Dumper, Time::Local, POSIX, sockets, processes.
use strict; use warnings;
use Digest::SHA; use Digest::MD5; use Storable qw(nfreeze thaw dclone); use Compress::Zlib; use MIME::Base64; use MIME::QuotedPrint; use Data::Dumper; use POSIX (); use Time::Local; use Socket; use List::Util 'sum'; use Hash::Util 'lock_keys'; use JSON::PP;
my $data = ''; my $x = 1; $data .= pack 'N', $x = ($x * 69069 + 1) & 0xffffffff for 1 .. 20000;
for my $alg (1, 224, 256, 384, 512, 512224, 512256) {
  my $sha = Digest::SHA->new($alg); $sha->add(substr $data, $_ * 777, 777) for 0 .. 100; $sha->add_bits(substr($data, 0, 10), 77); print "$alg ", $sha->hexdigest, ' ', Digest::SHA->new($alg)->add($data)->b64digest, "\n";
}
print Digest::SHA::hmac_sha512_hex($data, 'key'), ' ', Digest::MD5::md5_hex($data), "\n";
my $tree = { list => [1, -2, 3.5, 1e300, 'text', undef, \'ref'], map { $_ => { n => $_ * 1.25, s => 'x' x $_ } } 1 .. 50 }; $tree->{self} = $tree->{list};
$Data::Dumper::Sortkeys = 1; $Data::Dumper::Indent = 1; local $Storable::canonical = 1;
my $frozen = nfreeze($tree); print length $frozen, ' ', Digest::MD5::md5_hex(Dumper(thaw($frozen))), ' ', Dumper($tree) eq Dumper(dclone $tree) ? 'same' : 'different', "\n";
for my $level (0 .. 9) { my $packed = compress($data . 'abc' x 5000, $level); print "$level ", uncompress($packed) eq $data . 'abc' x 5000 ? 'back' : 'lost', ' ', crc32($packed) > 0 ? 1 : 0, "\n" }
print crc32($data), ' ', adler32($data), ' ', Digest::MD5::md5_hex(encode_base64($data)), ' ', decode_base64(encode_base64($data)) eq $data ? 'back' : 'lost', ' ', decode_qp(encode_qp($data)) eq $data ? 'back' : 'lost', "\n";
print join(' ', map { POSIX::strftime('%Y-%m-%d %j %U', gmtime $_) } 0, 86400 * 365.25 * 30, 4102444800, -1e9), ' ', timegm(1, 2, 3, 4, 5, 2033), "\n";
print join(' ', map { sprintf '%.17g', $_ } POSIX::fmod(1e10, 0.7), POSIX::floor(-2.5), POSIX::ceil(-2.5), POSIX::ldexp(0.75, 40), POSIX::frexp(1e100), POSIX::modf(-3.75), POSIX::strtod('1.25e-7x'), POSIX::round(2.5), POSIX::rint(2.5), POSIX::fma(1e16, 3.5, -1), POSIX::remainder(10, 3.3), POSIX::nextafter(1, 2), POSIX::cbrt(27)), "\n";
print JSON::PP->new->canonical->ascii->encode(JSON::PP->new->decode('{"b":[1,2.5,-3e-7,"\u00e9\n",true,null],"a":{}}')), "\n";
pipe my $r, my $w; my $child = fork // die; if (!$child) { close $r; print {$w} Digest::SHA::sha1_hex($data); close $w; POSIX::_exit(7) } close $w; print scalar <$r>, ' ', waitpid($child, 0) == $child ? $? >> 8 : 'lost', "\n";
socketpair my $one, my $two, AF_UNIX, SOCK_STREAM, PF_UNSPEC or die; syswrite $one, $data, 10000; my $got = ''; sysread $two, $got, 10000 - length $got, length $got while length $got < 10000; print $got eq substr($data, 0, 10000) ? 'through' : 'lost', "\n";
my @caught; local $SIG{USR1} = sub { push @caught, $_[0] }; kill USR1 => $$ for 1 .. 5; print "@caught\n"; eval { local $SIG{ALRM} = sub { die "rang\n" }; alarm 1; 1 while 1 }; print $@; eval { die { code => 5 } }; print $@->{code}, "\n";
my %locked = (a => 1); lock_keys(%locked); eval { $locked{b} = 2 }; print $@ ? "locked\n" : "open\n"; print `echo from a shell`, -e '/proc/self' ? "proc\n" : '';
