import { generateKeyPairSync } from 'node:crypto';
import {
  CompactEncrypt,
  compactDecrypt,
  exportJWK,
  importJWK,
  importPKCS8,
  importSPKI,
  jwtVerify,
  SignJWT,
} from 'jose';

/** Made by Node once, and then given to both sides. */
export const given = () =>
  Object.fromEntries(
    [
      ['RS256', 'rsa', { modulusLength: 2048 }],
      ['PS384', 'rsa', { modulusLength: 2048 }],
      ['ES256', 'ec', { namedCurve: 'prime256v1' }],
      ['ES512', 'ec', { namedCurve: 'secp521r1' }],
      ['EdDSA', 'ed25519', {}],
      ['RSA-OAEP-256', 'rsa', { modulusLength: 2048 }],
      ['ECDH-ES', 'ec', { namedCurve: 'prime256v1' }],
    ].map(([alg, type, options]) => [
      alg,
      generateKeyPairSync(type, {
        ...options,
        publicKeyEncoding: { type: 'spki', format: 'pem' },
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      }),
    ]),
  );

export default async ({ keys }) => {
  const key = new TextEncoder().encode('a secret of thirty-two characters');
  const token = await new SignJWT({ a: 1 }).setProtectedHeader({ alg: 'HS256' }).setIssuedAt(1).sign(key);
  const out = [token, (await jwtVerify(token, key)).payload];
  for (const [alg, { privateKey, publicKey }] of Object.entries(keys)) {
    const [own, other] = [
      await importPKCS8(privateKey, alg, { extractable: true }),
      await importSPKI(publicKey, alg, { extractable: true }),
    ];
    const jwk = await exportJWK(own);
    if (alg.includes('E') && (alg.startsWith('RSA') || alg.startsWith('ECDH'))) {
      const sealed = await new CompactEncrypt(new TextEncoder().encode('hä'))
        .setProtectedHeader({ alg, enc: 'A256GCM' })
        .encrypt(other);
      const { plaintext } = await compactDecrypt(sealed, await importJWK(jwk, alg));
      out.push([alg, jwk, new TextDecoder().decode(plaintext)]);
      continue;
    }
    const signed = await new SignJWT({ a: 1 }).setProtectedHeader({ alg }).setIssuedAt(1).sign(own);
    const { payload } = await jwtVerify(signed, other);
    const altered = await jwtVerify(`${signed.slice(0, -6)}AAAAAA`, other).catch((error) => error.code);
    out.push([alg, jwk, payload, altered, alg === 'RS256' || alg === 'EdDSA' ? signed : signed.length]);
  }
  return out;
};
