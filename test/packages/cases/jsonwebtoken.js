import { generateKeyPairSync } from 'node:crypto';
import jwt from 'jsonwebtoken';

const failed = (run) => {
  try {
    return run();
  } catch (error) {
    return [error.name, error.message];
  }
};

/** Made by Node once, and then given to both sides. */
export const given = () =>
  Object.fromEntries(
    [
      ['RS', 'rsa', { modulusLength: 2048 }],
      ['ES', 'ec', { namedCurve: 'prime256v1' }],
    ].map(([name, type, options]) => [
      name,
      generateKeyPairSync(type, {
        ...options,
        publicKeyEncoding: { type: 'spki', format: 'pem' },
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      }),
    ]),
  );

export default ({ keys }) => {
  const token = jwt.sign({ sub: 'ä', iat: 1 }, 'secret');
  const { RS, ES } = keys;
  const withKeys = [
    ['RS256', RS],
    ['RS512', RS],
    ['PS256', RS],
    ['ES256', ES],
  ].map(([algorithm, { privateKey, publicKey }]) => {
    const signed = jwt.sign({ sub: 'ä', iat: 1 }, privateKey, { algorithm });
    return [
      algorithm,
      algorithm.startsWith('RS') ? signed : signed.length,
      jwt.verify(signed, publicKey, { algorithms: [algorithm] }),
      failed(() => jwt.verify(`${signed.slice(0, -6)}AAAAAA`, publicKey)),
      failed(() => jwt.verify(signed, 'secret', { algorithms: [algorithm] })),
    ];
  });
  return [
    token,
    jwt.verify(token, 'secret', { ignoreExpiration: true }),
    failed(() => jwt.verify(token, 'other')),
    failed(() => jwt.sign({}, 'no key', { algorithm: 'RS256' })),
    failed(() => jwt.sign({}, ES.privateKey, { algorithm: 'RS256' })),
    jwt.decode(token, { complete: true }).header,
    withKeys,
  ];
};
