/** openssl: known answers made on another architecture, with the CPU's instructions for cryptography and without; keys made here; TLS over loopback. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Part, Suite } from './suite.ts';

const CIPHERS = readFileSync(join(import.meta.dirname, 'openssl', 'names.txt'), 'utf8').trim().split(/\s+/).join(' ');
const DIGESTS = `md4 md5 rmd160 sha1 sha224 sha256 sha384 sha512 sha512-224 sha512-256 sha3-224 sha3-256 sha3-384 sha3-512 shake128 shake256 sm3 blake2b512
  blake2s256 whirlpool`.replace(/\s+/g, ' ');
/** Curve:hexadecimal digits of a secret key. */
const CURVES = `prime256v1:62 secp384r1:94 secp521r1:120 secp224r1:54 secp192k1:46 prime192v1:46 secp256k1:62 sect283k1:66 sect571r1:128 brainpoolP256r1:60
  brainpoolP512t1:120`.replace(/\s+/g, ' ');
const TLS13 = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_CCM_SHA256'];
const TLS12_RSA = ['ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-RSA-CHACHA20-POLY1305', 'DHE-RSA-AES256-GCM-SHA384', 'AES128-SHA', 'AES256-SHA256',
  'ECDHE-RSA-CAMELLIA128-SHA256', 'ECDHE-ARIA256-GCM-SHA384', 'DHE-RSA-AES128-CCM'];
const TLS12_EC = ['ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-ECDSA-AES128-CCM8'];

interface Known { readonly name: string; readonly file: string; readonly settings: string; readonly short?: boolean }

/** Prints what is not as expected; a short choice may lack lines, but has none of its own. */
function known({ name, file, settings, short = false }: Known): Part {
  const judged = short ? `grep -vxFf ${file}.txt got | sed 's/^/FAILED /'` : `diff ${file}.txt got | sed -n 's/^[<>]/FAILED &/p'`;
  return {
    name, judge: 'passes', ci: short, files: ['data.sh', `${file}.sh`, `${file}.txt`], minutes: 60,
    script: `export ${settings}\nsh ${file}.sh >got 2>trouble; ${judged}\necho "COUNT $(wc -l <got) lines"; test -s got`,
  };
}

/** Without NEON and what builds on it, and with NEON only (crypto/armcap.c of openssl reads it). */
const PLAIN = 'OPENSSL_armcap=0', NEON = 'OPENSSL_armcap=1';

const run = (file: string, settings = 'SHORT='): Pick<Part, 'script' | 'files' | 'judge' | 'minutes'> =>
  ({ judge: 'passes', minutes: 60, files: ['data.sh', `${file}.sh`], script: `export ${settings}\nsh ${file}.sh` });

export const openssl: Suite = {
  name: 'openssl',
  doc: 'digests, MACs, ciphers, curves with known answers; keys, signatures, speed, s_server with s_client',
  guest: 'tools',
  packages: ['openssl'],
  memory: '512M',
  parts: [
    known({ name: 'some-digests', file: 'digests', settings: 'SHORT=1 DIGESTS="md5 sha1 sha256 sha512 sha3-256 blake2b512"', short: true }),
    known({
      name: 'some-ciphers', file: 'ciphers', short: true,
      settings: 'CIPHERS="aes-128-cbc aes-256-ctr aes-128-xts aes-256-ocb chacha20 camellia-128-cbc aria-128-cbc sm4-ctr des-ede3-cbc"',
    }),
    { name: 'some-tls', ci: true, ...run('tls', `SHORT=1 TLS13=${TLS13[2]} TLS12_EC=${TLS12_EC[0]}`) },
    known({ name: 'digests', file: 'digests', settings: `DIGESTS="${DIGESTS}"` }),
    known({ name: 'digests-neon', file: 'digests', settings: `${NEON} DIGESTS="${DIGESTS}"` }),
    known({ name: 'digests-plain', file: 'digests', settings: `${PLAIN} DIGESTS="${DIGESTS}"` }),
    known({ name: 'ciphers', file: 'ciphers', settings: `CIPHERS="${CIPHERS}"` }),
    known({ name: 'ciphers-neon', file: 'ciphers', settings: `${NEON} CIPHERS="${CIPHERS}"` }),
    known({ name: 'ciphers-plain', file: 'ciphers', settings: `${PLAIN} CIPHERS="${CIPHERS}"` }),
    known({ name: 'curves', file: 'keys', settings: `CURVES="${CURVES}"` }),
    { name: 'keys', ...run('made', 'RSA="1024 2048 3072" CURVES="prime256v1 secp384r1 secp521r1 secp256k1 sect283r1 brainpoolP384r1"') },
    { name: 'speed', ...run('speed') },
    { name: 'tls', ...run('tls', `TLS13="${TLS13.join(' ')}" TLS12_RSA="${TLS12_RSA.join(' ')}" TLS12_EC="${TLS12_EC.join(' ')}"`) },
  ],
};
