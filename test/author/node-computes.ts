/** Uses of Node's modules. Runs in Node and, bundled, in a compartment; both must give the same. */

const source = (imports: string, body: string): string => `${imports}\nexport default async () => { ${body} };\n`;
const outcome = `const outcome = (f) => { try { return f(); } catch (error) { return [error.name, error.code]; } };`;

export const computes: Readonly<Record<string, string>> = {
  'hashes and MACs': source(
    `import crypto, { createHash, createHmac } from 'node:crypto';`,
    `const names = ['md5', 'sha1', 'SHA256', 'sha-384', 'RSA-SHA512', 'rmd160', 'sha512-256', 'sha3-256', 'blake2b512'];
     ${outcome}
     const copied = createHash('sha1').update('a');
     const copy = copied.copy().update('b').digest('hex');
     const done = createHash('sha1'); done.digest();
     return [
       names.map((name) => createHash(name).update('grün').update(Buffer.from([1, 2])).digest('hex')),
       names.slice(0, 6).map((name) => createHmac(name, 'ключ').update('x').digest('base64')),
       createHmac('sha256', Buffer.alloc(200, 1)).update('a').digest('base64url'), copy, copied.digest('hex'),
       createHash('md5').digest().length, outcome(() => createHash('nonsense')), outcome(() => createHmac('nonsense', 'k')), outcome(() => done.update('a')),
       outcome(() => createHash('md5').update(5)), crypto.getHashes().includes('sha256'),
     ];`,
  ),
  'keys from passwords, AES and comparisons': source(
    `import crypto from 'crypto';\nimport { promisify } from 'util';`,
    `${outcome}
     const key = Buffer.alloc(32, 7); const iv = Buffer.alloc(16, 9);
     const seal = (name, vector) => { const cipher = crypto.createCipheriv(name, key, vector); const sealed = cipher.update('grüße', 'utf8', 'hex') + cipher.final('hex');
       const tag = name.endsWith('gcm') ? cipher.getAuthTag() : undefined; const decipher = crypto.createDecipheriv(name, key, vector); if (tag) decipher.setAuthTag(tag);
       return [sealed, tag?.toString('hex'), decipher.update(sealed, 'hex', 'utf8') + decipher.final('utf8')]; };
     const forged = crypto.createDecipheriv('aes-256-gcm', key, iv); forged.setAuthTag(Buffer.alloc(16)); forged.update('00', 'hex');
     return [
       crypto.pbkdf2Sync('p', 'salt', 10, 20, 'sha1').toString('hex'), crypto.pbkdf2Sync('p', 'salt', 3, 90, 'sha512-256').toString('hex'), crypto.pbkdf2Sync('p', 'salt', 2, 1_100_000, 'sha256').subarray(-9).toString('hex'), (await promisify(crypto.pbkdf2)('p', 'salt', 10, 20, 'sha512')).toString('hex'),
       crypto.scryptSync('p', 'salt', 16, { N: 16 }).toString('hex'), Buffer.from(crypto.hkdfSync('sha256', 'k', 's', 'i', 16)).toString('hex'),
       seal('aes-256-cbc', iv), seal('aes-256-ctr', iv), seal('aes-256-gcm', iv.subarray(0, 12)), seal('aes-256-ecb', null),
       outcome(() => forged.final()).toString().includes('Error'), outcome(() => crypto.createCipheriv('aes-256-cbc', 'short', iv)), outcome(() => crypto.createCipheriv('none', key, iv)), outcome(() => crypto.createCipheriv('aes-256-cbc', key, 'short')),
       crypto.timingSafeEqual(key, Buffer.from(key)), crypto.timingSafeEqual(key, Buffer.alloc(32)), outcome(() => crypto.timingSafeEqual(key, iv)),
       crypto.randomBytes(70_000).length, (await promisify(crypto.randomBytes)(3)).length, crypto.randomInt(5, 6), crypto.randomUUID().length,
       crypto.createSecretKey('k', 'utf8').export().toString(),
     ];`,
  ),
  Buffer: source(
    '',
    `return [
       Buffer.from('grün').toString('base64url'), Buffer.from('_-8', 'base64url').toString('hex'), Buffer.byteLength('_-8', 'base64url'), Buffer.isEncoding('base64url'),
       Buffer.concat([Buffer.from('a'), new Uint8Array([98])]).toString(), Buffer.alloc(3, 'ab').toString('latin1'), Buffer.from([1, 2, 3, 4]).readUInt32BE(0),
       Buffer.from('abc').equals(Buffer.from('abc')), Buffer.from('grün').toJSON(), Buffer.isBuffer(new Uint8Array(1)), Buffer.from('ff', 'hex')[0], Buffer.compare(Buffer.from('a'), Buffer.from('b')),
     ];`,
  ),
  zlib: source(
    `import { createGunzip, createGzip, deflateRawSync, gunzip, gunzipSync, gzipSync, inflateRawSync, inflateSync, unzipSync } from 'zlib';\nimport { Readable } from 'stream';\nimport { pipeline } from 'stream/promises';\nimport { promisify } from 'util';`,
    `${outcome}
     const text = 'grün '.repeat(5_000); const pieces = [];
     await pipeline(Readable.from([text.slice(0, 100), text.slice(100)]), createGzip(), createGunzip(), async (source) => { for await (const piece of source) pieces.push(piece); });
     return [
       Buffer.concat(pieces).toString() === text, gunzipSync(gzipSync(text)).toString() === text, inflateRawSync(deflateRawSync('a')).toString(), unzipSync(gzipSync('b')).toString(),
       (await promisify(gunzip)(gzipSync('c'))).toString(), outcome(() => inflateSync('nonsense')), outcome(() => gunzipSync(gzipSync(text).subarray(0, 50))),
       outcome(() => gunzipSync(gzipSync(text), { maxOutputLength: 10 })),
     ];`,
  ),
  'addresses and queries': source(
    `import url, { fileURLToPath, pathToFileURL, URL as Address } from 'url';\nimport querystring from 'querystring';\nimport path from 'path';`,
    `const parsed = url.parse('http://u:p@a.test:8080/b/c?d=e&d=f#g', true);
     return [
       [parsed.host, parsed.port, parsed.auth, parsed.pathname, { ...parsed.query }, parsed.hash], url.format({ protocol: 'https', host: 'a.test', pathname: '/b', query: { c: 'd e' } }), url.format(new URL('http://a.test/?b=c')),
       url.resolve('http://a.test/b/c', '../d'), fileURLToPath('file:///a/b%20c'), pathToFileURL('/a b').href, Address === URL, { ...url.urlToHttpOptions(new URL('http://u:p@a.test:1/b?c')) }.path,
       { ...querystring.parse('a=1&a=2&b=%C3%A4&c') }, querystring.stringify({ a: [1, 2], b: 'ä &' }), querystring.escape('ä b'), querystring.unescape('%zz'),
       path.join('/a', '../b', 'c.txt'), path.extname('a.b.c'), path.relative('/a/b', '/a/c'), path.resolve('/a', 'b'), path.posix.basename('/a/b'),
     ];`,
  ),
  'events and streams': source(
    `import EventEmitter, { errorMonitor, on, once } from 'events';\nimport stream, { Duplex, PassThrough, Readable, Transform, Writable, finished, pipeline } from 'stream';\nimport { text } from 'stream/consumers';\nimport { StringDecoder } from 'string_decoder';`,
    `const seen = []; const emitter = new EventEmitter(); emitter.on(errorMonitor, (error) => seen.push('monitor ' + error.message)); emitter.on('error', (error) => seen.push(error.message)); emitter.emit('error', new Error('x'));
     setTimeout(() => emitter.emit('late', 1, 2), 1); seen.push(await once(emitter, 'late'));
     setTimeout(() => { emitter.emit('tick', 1); emitter.emit('tick', 2); }, 1); for await (const [n] of on(emitter, 'tick')) { seen.push(n); if (n === 2) break; }
     const upper = new Transform({ transform(chunk, _encoding, done) { done(null, String(chunk).toUpperCase()); } });
     const failed = await new Promise((resolve) => pipeline(Readable.from(['a']), new Writable({ write(_c, _e, done) { done(new Error('full')); } }), (error) => resolve(error.message)));
     const decoder = new StringDecoder('utf8');
     const closed = new PassThrough(); setTimeout(() => closed.destroy(new Error('gone')), 1); const gone = await new Promise((resolve) => finished(closed, (error) => resolve(error.message)));
     return [seen, await text(Readable.from(['a', 'b']).pipe(upper)), failed, gone, decoder.write(Buffer.from([0xc3])) + decoder.write(Buffer.from([0xa4])), typeof stream, new stream() instanceof EventEmitter, new Duplex() instanceof Readable];`,
  ),
  'util, assert, timers and process': source(
    `import assert from 'assert';\nimport strict from 'assert/strict';\nimport util, { promisify } from 'util';\nimport { setTimeout as delay } from 'timers/promises';\nimport { isIP } from 'net';\nimport os from 'os';`,
    `${outcome}
     class A {} function B() {} util.inherits(B, A); const order = [];
     await new Promise((resolve) => { setImmediate(() => { order.push('immediate'); resolve(); }); process.nextTick((x) => order.push(x), 'tick'); const id = setImmediate(() => order.push('never')); clearImmediate(id); });
     const many = await new Promise((resolve) => { let left = 3_000; for (let i = 3_000; i > 0; i--) setImmediate(() => { if (--left === 0) resolve('all'); }); });
     return [
       util.format('%s %d %j', 'a', 1, { b: 2 }), new B() instanceof A, util.isDeepStrictEqual({ a: [1] }, { a: [1] }), util.isDeepStrictEqual({ a: 1 }, { a: '1' }), await promisify((x, done) => done(null, x))('p'), util.types.isDate(new Date()),
       outcome(() => assert.strictEqual(1, 2)), outcome(() => strict.deepEqual({ a: 1 }, { a: 1 })), outcome(() => assert(false)), await delay(1, 'late'), order, many,
       [isIP('1.2.3.4'), isIP('::1'), isIP('1.2.3'), isIP('a')], os.EOL, typeof process.hrtime.bigint(), process.argv.length >= 0, typeof process.version, process.nextTick.length > 0,
     ];`,
  ),
};
