/** `crypto.subtle`: formats of keys, signatures, ciphers and derived keys, as the Web Platform Tests arrange them. */
import { constants, publicEncrypt, sign } from 'node:crypto';
import type { Suite } from '../evaluate.ts';
import { expressions } from './expressions.ts';
import {
  bytes,
  curves,
  ed25519,
  otherCurve,
  type Pair,
  prelude,
  rsa,
  rsaPssKey,
  shortRsa,
  x25519,
} from './subtle-keys.ts';

const subject = (parameters: string, body: string): string => `async (${parameters}) => { ${prelude} ${body} }`;
type Case = readonly unknown[];

const some = (length: number, start = 1): number[] => Array.from({ length }, (_, i) => (start + i * 7) % 256);
const exponent = bytes([1, 0, 1]);
const hashNames = ['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512'];

// --- importing and exporting ----------------------------------------------------------------------

const kinds: readonly { algorithm: object; pair: Pair; publicUsages: string[]; privateUsages: string[] }[] = [
  ...['RSASSA-PKCS1-v1_5', 'RSA-PSS'].flatMap((name) =>
    ['SHA-1', 'SHA-512'].map((hash) => ({
      algorithm: { name, hash },
      pair: rsa,
      publicUsages: ['verify'],
      privateUsages: ['sign'],
    })),
  ),
  ...['SHA-1', 'SHA-256'].map((hash) => ({
    algorithm: { name: 'RSA-OAEP', hash },
    pair: shortRsa,
    publicUsages: ['encrypt', 'wrapKey'],
    privateUsages: ['unwrapKey', 'decrypt'],
  })),
  ...Object.entries(curves).flatMap(([namedCurve, pair]) => [
    { algorithm: { name: 'ECDSA', namedCurve }, pair, publicUsages: ['verify'], privateUsages: ['sign'] },
    { algorithm: { name: 'ECDH', namedCurve }, pair, publicUsages: [], privateUsages: ['deriveBits', 'deriveKey'] },
  ]),
  { algorithm: { name: 'Ed25519' }, pair: ed25519, publicUsages: ['verify'], privateUsages: ['sign'] },
  { algorithm: { name: 'X25519' }, pair: x25519, publicUsages: [], privateUsages: ['deriveBits'] },
];

const pairImports: Case[] = kinds.flatMap(({ algorithm, pair, publicUsages, privateUsages }) => [
  ...Object.entries(pair.public).flatMap(([format, data]) =>
    [publicUsages, [], privateUsages].flatMap((usages) =>
      [true, false].map((extractable) => [format, data, algorithm, extractable, usages]),
    ),
  ),
  ...Object.entries(pair.private).flatMap(([format, data]) =>
    [privateUsages, [], ['encrypt', 'sign']].flatMap((usages) =>
      [true, false].map((extractable) => [format, data, algorithm, extractable, usages]),
    ),
  ),
  ['pkcs8', bytes(some(40)), algorithm, true, privateUsages],
  ['spki', bytes([]), algorithm, true, publicUsages],
  ['raw', bytes(some(65, 4)), algorithm, true, publicUsages],
  ['spki', pair.private.pkcs8, algorithm, true, publicUsages],
  ['pkcs8', pair.public.spki, algorithm, true, privateUsages],
  ['pkcs8', otherCurve.private.pkcs8, algorithm, true, privateUsages],
  ['spki', rsaPssKey.public.spki, algorithm, true, publicUsages],
  ['jwk', { ...pair.public.jwk, kty: 'XX' }, algorithm, true, publicUsages],
  ['jwk', { ...pair.public.jwk, use: 'sig' }, algorithm, true, publicUsages],
  ['jwk', { ...pair.public.jwk, use: 'enc' }, algorithm, true, publicUsages],
  ['jwk', { ...pair.private.jwk, use: 'sig' }, algorithm, true, privateUsages],
  ['jwk', { ...pair.private.jwk, use: 'enc' }, algorithm, true, privateUsages],
  ['jwk', { ...pair.private.jwk, alg: 'RS256' }, algorithm, true, privateUsages],
  ['jwk', { ...pair.private.jwk, alg: 'PS384' }, algorithm, true, privateUsages],
  ['jwk', { ...pair.private.jwk, alg: 'RSA-OAEP' }, algorithm, true, privateUsages],
  ['jwk', { ...pair.private.jwk, alg: 'EdDSA' }, algorithm, true, privateUsages],
  ['jwk', { ...pair.private.jwk, key_ops: privateUsages }, algorithm, true, privateUsages],
  ['jwk', { ...pair.private.jwk, key_ops: ['wrapKey'] }, algorithm, true, privateUsages],
  ['jwk', { ...pair.private.jwk, key_ops: [...privateUsages, ...privateUsages] }, algorithm, true, privateUsages],
  ['jwk', { ...pair.private.jwk, ext: false }, algorithm, true, privateUsages],
  ['jwk', { ...pair.private.jwk, ext: false }, algorithm, false, privateUsages],
  // Node reads the numbers of an RSA key even if they are no base64url.
  ...(pair.public.raw ? [['jwk', { ...pair.private.jwk, d: '?' }, algorithm, true, privateUsages]] : []),
  ['jwk', { kty: (pair.public.jwk as { kty: string }).kty }, algorithm, true, publicUsages],
  ['spki', pair.public.jwk, algorithm, true, publicUsages],
  ['der', pair.public.spki, algorithm, true, publicUsages],
]);

const secretImports: Case[] = [
  ...['AES-GCM', 'AES-CBC'].flatMap((name) => [
    ...[0, 15, 16, 24, 32, 33].flatMap((length) => [
      ['raw', bytes(some(length)), { name }, true, ['encrypt', 'decrypt']],
      ['raw', bytes(some(length)), { name }, false, ['unwrapKey', 'wrapKey']],
      ['jwk', { kty: 'oct', k: Buffer.from(some(length)).toString('base64url') }, { name }, true, ['decrypt']],
    ]),
    ['raw', bytes(some(16)), { name }, true, []],
    ['raw', bytes(some(16)), { name }, true, ['sign']],
    ['raw', bytes(some(16)), name.toLowerCase(), true, ['decrypt', 'encrypt', 'decrypt']],
    ['spki', bytes(some(16)), { name }, true, ['encrypt']],
    ...['A128GCM', 'A128CBC', 'A256GCM', 'HS256'].map((alg) => [
      'jwk',
      { kty: 'oct', k: 'AAAAAAAAAAAAAAAAAAAAAA', alg },
      { name },
      true,
      ['encrypt'],
    ]),
    ['jwk', { kty: 'oct', k: 'AAAAAAAAAAAAAAAAAAAAAA', use: 'sig' }, { name }, true, ['encrypt']],
    ['jwk', { kty: 'oct', k: 'AAAAAAAAAAAAAAAAAAAAAA', ext: false }, { name }, true, ['encrypt']],
    ['jwk', { kty: 'RSA', k: 'AAAAAAAAAAAAAAAAAAAAAA' }, { name }, true, ['encrypt']],
    ['jwk', { kty: 'oct' }, { name }, true, ['encrypt']],
  ]),
  ...hashNames.flatMap((hash) => [
    ['raw', bytes(some(20)), { name: 'HMAC', hash }, true, ['sign', 'verify']],
    ['raw', bytes(some(20)), { name: 'HMAC', hash, length: 160 }, true, ['verify']],
    ['raw', bytes(some(20)), { name: 'HMAC', hash, length: 168 }, true, ['verify']],
    ['raw', bytes([]), { name: 'HMAC', hash }, true, ['verify']],
    ['jwk', { kty: 'oct', k: 'AAAA' }, { name: 'HMAC', hash }, true, ['sign']],
    ['jwk', { kty: 'oct', k: 'AAAA', alg: 'HS256' }, { name: 'HMAC', hash }, true, ['sign']],
    ['jwk', { kty: 'oct', k: 'AAAA', use: 'enc' }, { name: 'HMAC', hash }, true, ['sign']],
    ['pkcs8', bytes(some(20)), { name: 'HMAC', hash }, true, ['sign']],
  ]),
  ...['HKDF', 'PBKDF2'].flatMap((name) => [
    ['raw', bytes(some(20)), name, false, ['deriveKey', 'deriveBits']],
    ['raw', bytes([]), name, false, ['deriveBits']],
    ['raw', bytes(some(20)), name, true, ['deriveBits']],
    ['raw', bytes(some(20)), name, false, ['sign']],
    ['raw', bytes(some(20)), name, false, []],
    ['jwk', { kty: 'oct', k: 'AAAA' }, name, false, ['deriveBits']],
  ]),
  ['raw', bytes(some(20)), 'DES', true, ['encrypt']],
  ['raw', bytes(some(20)), { name: 'HMAC', hash: 'MD5' }, true, ['sign']],
  ['raw', bytes(some(20)), {}, true, ['sign']],
  ['raw', bytes(some(16)), 'AES-GCM', true, ['nonsense']],
];

const importSubject = subject(
  'format, data, algorithm, extractable, usages',
  `const key = await importWith([format, data, algorithm, extractable, usages]);
   const exported = [];
   for (const as of ['raw', 'spki', 'pkcs8', 'jwk']) exported.push(await crypto.subtle.exportKey(as, key).then(sorted, nameOf));
   return [shape(key), exported];`,
);

// --- signatures -----------------------------------------------------------------------------------

const texts = [[], some(3), some(1_000)];
const pssWith = (saltLength: number) => ({ name: 'RSA-PSS', saltLength });
const signing: Case[] = kinds
  .filter(({ privateUsages }) => privateUsages.includes('sign'))
  .flatMap(({ algorithm, pair }) => {
    const { name, hash = 'SHA-256' } = algorithm as { name: string; hash?: string };
    const node = name === 'Ed25519' ? undefined : hash.replace('-', '').toLowerCase();
    const padding = name === 'RSA-PSS' ? constants.RSA_PKCS1_PSS_PADDING : constants.RSA_PKCS1_PADDING;
    const options = pair === rsa ? { padding, saltLength: 20 } : { dsaEncoding: 'ieee-p1363' as const };
    const isRandom = name === 'RSA-PSS' || name === 'ECDSA';
    const parameters =
      name === 'RSA-PSS'
        ? [pssWith(20), pssWith(0), pssWith(5_000)]
        : [{ name, hash }, name === 'ECDSA' ? { name, hash: 'SHA-1' } : name, 'HMAC'];
    return parameters.flatMap((given) =>
      texts.map((text) => [
        ['pkcs8', pair.private.pkcs8, algorithm, false, ['sign']],
        ['spki', pair.public.spki, algorithm, false, ['verify']],
        given,
        bytes(text),
        bytes(sign(node, Buffer.from(text), { key: pair.privateKey, ...options })),
        isRandom,
      ]),
    );
  });

const signSubject = subject(
  'privateSpec, publicSpec, algorithm, data, signature, isRandom',
  `const [own, other, text, made] = [await importWith(privateSpec), await importWith(publicSpec), revive(data), revive(signature)];
   const signed = await crypto.subtle.sign(algorithm, own, text).catch(nameOf);
   const verify = (signature, data = text, key = other) => crypto.subtle.verify(algorithm, key, signature, data).catch(nameOf);
   const altered = made.slice();
   altered[3] ^= 1;
   return [
     typeof signed === 'string' || !isRandom ? signed : signed.byteLength, typeof signed !== 'string' && await verify(signed),
     await verify(made), await verify(altered), await verify(made.slice(1)), await verify(new Uint8Array()), await verify(made, new Uint8Array([9])),
     await verify(made, text, own), await crypto.subtle.sign(algorithm, other, text).catch(nameOf),
   ];`,
);

// --- ciphers --------------------------------------------------------------------------------------

const aesKey = (name: string, length: number) => ['raw', bytes(some(length)), name, false, ['encrypt', 'decrypt']];
const aesCases: Case[] = [16, 24, 32].flatMap((length) => [
  ...[0, 1, 15, 16, 17, 1_000].flatMap((size) => [
    [aesKey('AES-CBC', length), { name: 'AES-CBC', iv: bytes(some(16)) }, bytes(some(size))],
    [aesKey('AES-GCM', length), { name: 'AES-GCM', iv: bytes(some(12)) }, bytes(some(size))],
  ]),
  ...[32, 64, 96, 104, 112, 120, 128, 0, 24, 100, 256].map((tagLength) => [
    aesKey('AES-GCM', length),
    { name: 'AES-GCM', iv: bytes(some(12)), additionalData: bytes(some(30)), tagLength },
    bytes(some(20)),
  ]),
  ...[12, 16, 64].map((size) => [
    aesKey('AES-GCM', length),
    { name: 'AES-GCM', iv: bytes(some(size)) },
    bytes(some(20)),
  ]),
  ...[0, 12, 15, 17].map((size) => [
    aesKey('AES-CBC', length),
    { name: 'AES-CBC', iv: bytes(some(size)) },
    bytes(some(20)),
  ]),
  [aesKey('AES-CBC', length), { name: 'AES-CBC' }, bytes([])],
  [aesKey('AES-GCM', length), { name: 'AES-GCM' }, bytes([])],
  [aesKey('AES-GCM', length), { name: 'AES-CBC', iv: bytes(some(16)) }, bytes([])],
  [aesKey('AES-GCM', length), 'RSA-OAEP', bytes([])],
]);

const aesSubject = subject(
  'keySpec, algorithm, data',
  `const [key, parameters, text] = [await importWith(keySpec), revive(algorithm), revive(data)];
   const sealed = await crypto.subtle.encrypt(parameters, key, text);
   const open = (sealed) => crypto.subtle.decrypt(parameters, key, sealed).catch(nameOf);
   const altered = new Uint8Array(sealed.slice(0));
   altered[altered.length - 1] ^= 0x55;
   return [sealed, await open(sealed), await open(altered), await open(sealed.slice(1)), await open(new Uint8Array())];`,
);

const oaepCases: Case[] = hashNames.flatMap((hash) =>
  [undefined, bytes([]), bytes(some(10))].flatMap((label) =>
    [0, 1, 60, 190, 300].map((size) => {
      const algorithm = { name: 'RSA-OAEP', hash };
      const oaepLabel = Buffer.from((label as { $bytes?: string } | undefined)?.$bytes ?? '', 'base64');
      const options = { key: rsa.publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepLabel };
      const text = Buffer.from(some(Math.min(size, 100)));
      return [
        ['jwk', rsa.public.jwk, algorithm, false, ['encrypt']],
        ['jwk', rsa.private.jwk, algorithm, false, ['decrypt']],
        { name: 'RSA-OAEP', ...(label ? { label } : {}) },
        bytes(some(size)),
        bytes(publicEncrypt({ ...options, oaepHash: hash.replace('-', '').toLowerCase() }, text)),
      ];
    }),
  ),
);

const oaepSubject = subject(
  'publicSpec, privateSpec, algorithm, data, made',
  `const [other, own, parameters, text] = [await importWith(publicSpec), await importWith(privateSpec), revive(algorithm), revive(data)];
   const open = (sealed) => crypto.subtle.decrypt(parameters, own, sealed).catch(nameOf);
   const sealed = await crypto.subtle.encrypt(parameters, other, text).catch(nameOf);
   return [sealed.byteLength ?? sealed, typeof sealed !== 'string' && await open(sealed), await open(revive(made)), await open(new Uint8Array(256)), await open(new Uint8Array()), await crypto.subtle.decrypt(parameters, other, text).catch(nameOf)];`,
);

// --- derived keys ---------------------------------------------------------------------------------

const lengths = [null, 0, 8, 9, 128, 256, 384, 528, 1_000, 20_480];
const secret = (name: string) => ['raw', bytes(some(20)), name, false, ['deriveBits', 'deriveKey']];
const deriveCases: Case[] = lengths.flatMap((length) => [
  ...hashNames.flatMap((hash) => [
    [secret('HKDF'), { name: 'HKDF', hash, salt: bytes(some(9)), info: bytes(some(5)) }, length, undefined],
    [secret('PBKDF2'), { name: 'PBKDF2', hash, salt: bytes(some(9)), iterations: 3 }, length, undefined],
  ]),
  ...Object.entries(curves).map(([namedCurve, pair]) => {
    const algorithm = { name: 'ECDH', namedCurve };
    return [
      ['jwk', pair.private.jwk, algorithm, false, ['deriveBits', 'deriveKey']],
      { name: 'ECDH' },
      length,
      ['raw', (curves[namedCurve] as Pair).public.raw, algorithm, false, []],
    ];
  }),
  [
    ['pkcs8', x25519.private.pkcs8, 'X25519', false, ['deriveBits', 'deriveKey']],
    'X25519',
    length,
    ['raw', x25519.public.raw, 'X25519', false, []],
  ],
]);
const p256 = ['jwk', curves['P-256']?.private.jwk, { name: 'ECDH', namedCurve: 'P-256' }, false, ['deriveBits']];
deriveCases.push(
  [p256, { name: 'ECDH' }, 256, ['raw', curves['P-384']?.public.raw, { name: 'ECDH', namedCurve: 'P-384' }, false, []]],
  [secret('PBKDF2'), { name: 'PBKDF2', hash: 'SHA-256', salt: bytes([]), iterations: 0 }, 256, undefined],
  [secret('PBKDF2'), { name: 'PBKDF2', hash: 'SHA-256', salt: bytes([]), iterations: 5_000 }, 256, undefined],
);

const deriveSubject = subject(
  'keySpec, algorithm, length, publicSpec',
  `const key = await importWith(keySpec);
   const parameters = revive(algorithm);
   const given = publicSpec ? { name: parameters.name ?? parameters, public: await importWith(publicSpec) } : parameters;
   const exported = (key) => Promise.all([shape(key), crypto.subtle.exportKey('raw', key)]);
   const derive = (as, usages) => crypto.subtle.deriveKey(given, key, as, true, usages).then(exported).catch(nameOf);
   return [
     await crypto.subtle.deriveBits(given, key, length).catch(nameOf), await derive({ name: 'AES-GCM', length: 128 }, ['encrypt']),
     await derive({ name: 'HMAC', hash: 'SHA-256', length: 256 }, ['sign']), await derive({ name: 'AES-CBC', length: 100 }, ['encrypt']), await derive({ name: 'AES-CBC', length: 256 }, ['sign']),
   ];`,
);

// --- making keys ----------------------------------------------------------------------------------

const usageSets = [['sign'], ['verify'], ['sign', 'verify'], ['encrypt', 'decrypt'], ['wrapKey'], ['deriveBits'], []];
const generateCases: Case[] = [
  ...[
    { name: 'ECDSA', namedCurve: 'P-256' },
    { name: 'ECDSA', namedCurve: 'P-384' },
    { name: 'ECDSA', namedCurve: 'P-521' },
    { name: 'ECDH', namedCurve: 'P-256' },
    { name: 'ECDSA', namedCurve: 'P-512' },
    { name: 'ECDSA' },
    { name: 'Ed25519' },
    { name: 'X25519' },
    { name: 'AES-GCM', length: 128 },
    { name: 'AES-CBC', length: 192 },
    { name: 'AES-CBC', length: 256 },
    { name: 'AES-CBC', length: 100 },
    { name: 'AES-CBC' },
    { name: 'HMAC', hash: 'SHA-1' },
    { name: 'HMAC', hash: 'SHA-512', length: 64 },
    { name: 'HMAC', hash: 'SHA-512', length: 0 },
    { name: 'HMAC', hash: 'MD5' },
    { name: 'HKDF' },
    { name: 'DES' },
    'ECDSA',
  ].flatMap((algorithm) =>
    usageSets.flatMap((usages) => [true, false].map((extractable) => [algorithm, extractable, usages])),
  ),
  ...[
    { name: 'RSASSA-PKCS1-v1_5', modulusLength: 1024, publicExponent: exponent, hash: 'SHA-256' },
    { name: 'RSA-PSS', modulusLength: 1024, publicExponent: bytes([3]), hash: 'SHA-384' },
  ].flatMap((algorithm) => usageSets.map((usages) => [algorithm, false, usages])),
  [{ name: 'RSA-OAEP', modulusLength: 1024, publicExponent: exponent, hash: 'SHA-1' }, true, ['encrypt', 'decrypt']],
  [{ name: 'RSA-PSS', modulusLength: 1024, publicExponent: bytes([0]), hash: 'SHA-1' }, true, ['sign']],
  [{ name: 'RSA-PSS', modulusLength: 1024, publicExponent: bytes([1]), hash: 'SHA-1' }, true, ['sign']],
  [{ name: 'RSA-PSS', modulusLength: 1024, hash: 'SHA-1' }, true, ['sign']],
  [{ name: 'RSA-PSS', publicExponent: exponent, hash: 'SHA-1' }, true, ['sign']],
  [{ name: 'RSA-PSS', modulusLength: 1024, publicExponent: exponent }, true, ['sign']],
];

const generateSubject = subject(
  'algorithm, extractable, usages',
  `const made = await crypto.subtle.generateKey(revive(algorithm), extractable, usages);
   const keys = made.privateKey ? [made.publicKey, made.privateKey] : [made];
   const out = [];
   for (const key of keys) for (const format of ['raw', 'spki', 'pkcs8', 'jwk']) {
     out.push(await crypto.subtle.exportKey(format, key).then((data) => data.byteLength > 0 || Object.keys(data).sort().join(), nameOf));
   }
   return [keys.map(shape), out];`,
);

export const subtleSuites: readonly Suite[] = [
  { api: 'crypto.subtle, key pairs in and out', subject: importSubject, cases: pairImports },
  { api: 'crypto.subtle, secret keys in and out', subject: importSubject, cases: secretImports },
  { api: 'crypto.subtle, signatures', subject: signSubject, cases: signing },
  { api: 'crypto.subtle, AES', subject: aesSubject, cases: aesCases },
  { api: 'crypto.subtle, RSA-OAEP', subject: oaepSubject, cases: oaepCases },
  { api: 'crypto.subtle, derived keys', subject: deriveSubject, cases: deriveCases },
  { api: 'crypto.subtle, generated keys', subject: generateSubject, cases: generateCases },
  expressions(
    'crypto.subtle, parameters that are missing or odd',
    `
    crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, false, ['deriveBits']).then(({ privateKey }) => crypto.subtle.deriveBits({ name: 'ECDH' }, privateKey, 256))
    crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, false, ['deriveBits']).then(({ privateKey }) => crypto.subtle.deriveBits({ name: 'ECDH', public: {} }, privateKey, 256))
    crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, false, ['deriveBits']).then(({ privateKey }) => crypto.subtle.deriveBits({ name: 'ECDH', public: privateKey }, privateKey, 256))
    crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, false, ['deriveBits']).then(async ({ privateKey }) => crypto.subtle.deriveBits({ name: 'ECDH', public: (await crypto.subtle.generateKey('X25519', false, ['deriveBits'])).publicKey }, privateKey, 256))
    crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']).then(({ privateKey }) => crypto.subtle.sign('ECDSA', privateKey, new Uint8Array()))
    crypto.subtle.importKey('raw', new Uint8Array(9), 'HKDF', false, ['deriveBits']).then((key) => crypto.subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array() }, key, 256))
    crypto.subtle.importKey('raw', new Uint8Array(9), 'HKDF', false, ['deriveBits']).then((key) => crypto.subtle.deriveBits({ name: 'HKDF', info: new Uint8Array(), salt: new Uint8Array() }, key, 256))
    crypto.subtle.importKey('raw', new Uint8Array(9), 'PBKDF2', false, ['deriveBits']).then((key) => crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt: new Uint8Array() }, key, 256))
    crypto.subtle.importKey('raw', new Uint8Array(9), 'PBKDF2', false, ['deriveBits']).then((key) => crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', iterations: 1 }, key, 256))
    crypto.subtle.importKey('raw', new Uint8Array(9), 'PBKDF2', false, ['deriveBits']).then((key) => crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', iterations: -1, salt: new Uint8Array() }, key, 256))
    crypto.subtle.importKey('raw', new Uint8Array(9), 'PBKDF2', false, ['deriveBits']).then((key) => crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', iterations: '2', salt: new Uint8Array() }, key, 64))
    crypto.subtle.generateKey({ name: 'RSA-PSS', modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' }, false, ['sign']).then(({ privateKey }) => crypto.subtle.sign('RSA-PSS', privateKey, new Uint8Array()))
    crypto.subtle.importKey('jwk', new Uint8Array(9), 'AES-GCM', false, ['encrypt'])
    crypto.subtle.importKey('raw', new Uint8Array(16), 'AES-GCM', false, ['encrypt']).then((key) => crypto.subtle.encrypt({ name: 'AES-GCM', iv: new Uint8Array(1) }, key, new Uint8Array(5)))
    crypto.subtle.importKey('raw', new Uint8Array(16), 'AES-GCM', false, ['encrypt']).then((key) => crypto.subtle.encrypt({ name: 'AES-GCM', iv: 'text' }, key, new Uint8Array(5)))
    crypto.subtle.importKey('raw', new Uint8Array(16), null, false, ['encrypt'])
    crypto.subtle.importKey('raw', new Uint8Array(16), 'AES-GCM', false, 5)
    crypto.subtle.importKey('raw')
    crypto.subtle.generateKey('AES-GCM')
    crypto.subtle.sign('HMAC')
    crypto.subtle.importKey.call({}, 'raw', new Uint8Array(16), 'AES-GCM', true, ['encrypt'])
    Object.getOwnPropertyDescriptor(CryptoKey.prototype, 'type').get.call({})
  `,
    {
      "crypto.subtle.importKey.call({}, 'raw', new Uint8Array(16), 'AES-GCM', true, ['encrypt'])":
        'the methods do not need to be called on crypto.subtle',
      "crypto.subtle.importKey('jwk', new Uint8Array(9), 'AES-GCM', false, ['encrypt'])":
        'Node has a DataError; bytes are no JWK, which the specification makes a TypeError',
      "crypto.subtle.importKey('raw', new Uint8Array(16), 'AES-GCM', false, ['encrypt']).then((key) => crypto.subtle.encrypt({ name: 'AES-GCM', iv: new Uint8Array(1) }, key, new Uint8Array(5)))":
        'Node wants a longer vector; the specification allows any length',
    },
  ),
  expressions(
    'crypto.subtle, wrapped keys',
    `
    (async () => { const s = crypto.subtle; const w = await s.generateKey({ name: 'AES-GCM', length: 256 }, false, ['wrapKey', 'unwrapKey']); const a = { name: 'AES-GCM', iv: new Uint8Array(12) }; const k = await s.importKey('raw', new Uint8Array(32), { name: 'HMAC', hash: 'SHA-256' }, true, ['sign']); const u = await s.unwrapKey('raw', await s.wrapKey('raw', k, w, a), w, a, { name: 'HMAC', hash: 'SHA-256' }, true, ['verify']); return [u.type, u.algorithm.name, u.usages, await s.exportKey('raw', u)] })()
    (async () => { const s = crypto.subtle; const w = await s.generateKey({ name: 'AES-CBC', length: 128 }, false, ['wrapKey', 'unwrapKey']); const a = { name: 'AES-CBC', iv: new Uint8Array(16) }; const { privateKey } = await s.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign']); const u = await s.unwrapKey('jwk', await s.wrapKey('jwk', privateKey, w, a), w, a, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']); return [u.type, u.algorithm.namedCurve, u.extractable, u.usages] })()
    (async () => { const s = crypto.subtle; const w = await s.generateKey({ name: 'AES-GCM', length: 256 }, false, ['wrapKey']); const k = await s.importKey('raw', new Uint8Array(32), 'AES-GCM', false, ['encrypt']); return s.wrapKey('raw', k, w, { name: 'AES-GCM', iv: new Uint8Array(12) }) })()
    (async () => { const s = crypto.subtle; const w = await s.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt']); return s.wrapKey('raw', w, w, { name: 'AES-GCM', iv: new Uint8Array(12) }) })()
    (async () => { const s = crypto.subtle; const w = await s.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'unwrapKey']); const a = { name: 'AES-GCM', iv: new Uint8Array(12) }; return s.unwrapKey('jwk', await s.encrypt(a, w, new Uint8Array(5)), w, a, 'AES-GCM', true, ['encrypt']) })()
    Object.getOwnPropertyNames(SubtleCrypto.prototype).filter((name) => ['encrypt', 'decrypt', 'sign', 'verify', 'digest', 'generateKey', 'deriveKey', 'deriveBits', 'importKey', 'exportKey', 'wrapKey', 'unwrapKey'].includes(name)).length
    Object.prototype.toString.call(await crypto.subtle.generateKey({ name: 'AES-GCM', length: 128 }, false, ['encrypt']))
    Object.keys(await crypto.subtle.generateKey({ name: 'AES-GCM', length: 128 }, true, ['encrypt']))
    JSON.stringify(await crypto.subtle.generateKey({ name: 'AES-GCM', length: 128 }, true, ['encrypt']))
    (await crypto.subtle.generateKey('Ed25519', true, ['sign'])).privateKey instanceof CryptoKey
  `,
  ),
];
