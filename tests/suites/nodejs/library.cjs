// What the rest of Node does: regular expressions, JSON, big integers, dates, texts, cryptography, compression, workers with shared memory, streams, files, processes.
'use strict';
const assert = require('node:assert'), crypto = require('node:crypto'), fs = require('node:fs'), zlib = require('node:zlib'), { execFileSync } = require('node:child_process');
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');
const hash = data => crypto.createHash('sha256').update(typeof data === 'string' ? data : Buffer.from(data)).digest('hex').slice(0, 16);

if (!isMainThread) {
  const words = new Int32Array(workerData.shared);
  for (let i = 0; i < 20000; i++) { Atomics.add(words, 0, i); Atomics.xor(words, 1, i * workerData.self); }
  Atomics.add(words, 2, 1);
  Atomics.notify(words, 2);
  let x = workerData.self; for (let i = 0; i < 1e5; i++) x = Math.sin(x) * 3;
  parentPort.postMessage({ self: workerData.self, x });
} else main();

async function main() {
  const text = Array.from({ length: 3000 }, (_, i) => `${i} user${i % 77}@example.org ${['äö', 'ß', '日本', '😀'][i % 4]} ${(i * 1.1).toFixed(3)}`).join('\n');
  const found = [...text.matchAll(/(?<n>\d+) (?<user>\w+)@([\w.]+) (\p{L}+|\p{Emoji}+)/gu)];
  console.log('regexps', found.length, hash(found.map(m => m.groups.user + m[4]).join()), /(a+)+$/.test('aaaaaaaaaaaaaaaaaaab'), text.replace(/(?<=user)7(?!\d)/g, '#').split('#').length, 'aBc'.replace(/b/i, s => s.codePointAt(0)), /^(?:(\w)(?=.*\1))+/.test('abcabc'));
  const data = JSON.parse(JSON.stringify(Array.from({ length: 500 }, (_, i) => ({ i, d: i / 7, s: 'x'.repeat(i % 9) + '\u2028"\\', e: [null, true, { deep: [i, -0, 1e300, 5e-324] }] }))));
  console.log('json', hash(JSON.stringify(data)), JSON.stringify({ a: [1.5, 2e300, -0, 0.1 + 0.2] }), structuredClone(new Map([[1, { a: new Date(0) }]])).get(1).a.toISOString());
  let f = 1n; for (let i = 1n; i <= 500n; i++) f *= i;
  console.log('bigint', hash(f.toString()), f % 1000000007n, (f >> 4000n).toString(36), (3n ** 700n / 7n ** 200n).toString(16), BigInt.asIntN(64, -f), -f / 12345678901234567890n % 99991n);
  console.log('numbers', (123.456).toString(7), Number('0x1f') + Number.parseFloat('3.14e-10'), (1e21).toLocaleString('en'), (0.000001234).toPrecision(3), 2 ** 0.5, Math.hypot(3, 4, 12), Math.fround(5.05), Math.expm1(1e-10), Math.cbrt(27), Math.atan2(1, -1), Math.clz32(1000), -7 % 3, 5e-324 / 2, Math.pow(2, -1074));
  let h = 0; for (let i = 0; i < 3000; i++) { const x = (i - 1500) / 37; h = Math.fround(h + Math.sin(x) * Math.exp(x / 99) + Math.tan(x) + Math.log1p(Math.abs(x)) + Math.tanh(x) + Math.acosh(1 + x * x)); }
  console.log('mathematics', h);
  console.log('dates', new Date(Date.UTC(2024, 1, 29, 12)).toISOString(), new Date('2000-01-01T00:00:00Z').getTime(), new Intl.NumberFormat('de').format(1234567.891), 'Straße'.localeCompare('Strasse'), 'I\u0307'.toLowerCase().length, '\u1E9B\u0323'.normalize('NFKC').length);
  const key = Buffer.alloc(32, 7), iv = Buffer.alloc(16, 9), cipher = (name, n = 16) => { const c = crypto.createCipheriv(name, key.subarray(0, name.includes('128') ? 16 : 32), iv.subarray(0, n)); return hash(Buffer.concat([c.update(text), c.final()])); };
  console.log('ciphers', cipher('aes-256-cbc'), cipher('aes-128-ctr'), cipher('aes-256-gcm', 12), cipher('chacha20-poly1305', 12));
  console.log('digests', ...['md5', 'sha1', 'sha512', 'sha3-256', 'blake2b512'].map(name => crypto.createHash(name).update(text).digest('hex').slice(0, 12)), crypto.createHmac('sha256', key).update(text).digest('base64'), crypto.pbkdf2Sync('p', 's', 500, 16, 'sha512').toString('hex'), crypto.scryptSync('p', 's', 8, { N: 256 }).toString('hex'));
  const { privateKey, publicKey } = crypto.generateKeyPairSync('ed25519'), signed = crypto.sign(null, Buffer.from(text), privateKey), ec = crypto.createECDH('prime256v1'), other = crypto.createECDH('prime256v1');
  console.log('keys', crypto.verify(null, Buffer.from(text), publicKey, signed), ec.computeSecret(other.generateKeys(ec.generateKeys() && undefined)).equals(other.computeSecret(ec.getPublicKey())), crypto.randomBytes(16).length);
  const packed = zlib.deflateSync(text, { level: 9 }), brotli = zlib.brotliCompressSync(text, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5 } });
  console.log('compression', hash(packed), hash(brotli), zlib.inflateSync(packed).toString() === text, zlib.brotliDecompressSync(brotli).toString() === text, hash(zlib.gunzipSync(zlib.gzipSync(text))));
  const shared = new SharedArrayBuffer(64), words = new Int32Array(shared);
  const results = await Promise.all([1, 2, 3].map(self => new Promise((resolve, reject) => new Worker(__filename, { workerData: { shared, self } }).on('message', resolve).on('error', reject))));
  console.log('workers', words[0], words[1], words[2], results.sort((a, b) => a.self - b.self).map(r => r.x).join(' '));
  fs.writeFileSync('written', text);
  const pieces = []; for await (const piece of fs.createReadStream('written', { highWaterMark: 1000 })) pieces.push(piece);
  console.log('files', pieces.length, hash(Buffer.concat(pieces)), fs.statSync('written').size, execFileSync('sh', ['-c', 'wc -c <written; echo error >&2'], { stdio: ['ignore', 'pipe', 'ignore'] }).toString().trim());
  const order = []; setTimeout(() => order.push('timer'), 1); setImmediate(() => order.push('immediate')); process.nextTick(() => order.push('tick')); await null; order.push('promise');
  await new Promise(resolve => setTimeout(resolve, 20));
  console.log('order', order.sort().join(' '), await Promise.allSettled([Promise.reject(new Error('no')), 1]).then(r => r.map(x => x.status).join()));
  const server = require('node:http').createServer((request, response) => { let n = 0; request.on('data', d => n += d.length).on('end', () => response.end(`${request.method} ${n}`)); }).listen(0, '127.0.0.1', async () => {
    const { port } = server.address(), answer = await new Promise((resolve, reject) => require('node:http').request({ port, host: '127.0.0.1', method: 'POST' }, r => { let s = ''; r.on('data', d => s += d).on('end', () => resolve(s)); }).on('error', reject).end(text));
    console.log('http', answer, Buffer.byteLength(text));
    server.close();
    assert.deepStrictEqual(require('node:vm').runInNewContext('[1,2,3].map(x => x * y)', { y: 2 }).join(), '2,4,6');
    console.log('end');
  });
}
