/** Keys of RSA and of curves with `crypto` as in Node. What is random is checked instead of shown. */
import crypto from 'node:crypto';

const code = (run) => {
  try {
    return run();
  } catch (error) {
    return error.code ?? error.name;
  }
};

/** Each is made by Node once, and then given to both sides. */
export const given = () => {
  const pem = (type, options, privateType = 'pkcs8', publicType = 'spki') =>
    crypto.generateKeyPairSync(type, {
      ...options,
      publicKeyEncoding: { type: publicType, format: 'pem' },
      privateKeyEncoding: { type: privateType, format: 'pem' },
    });
  const encrypted = (cipher) =>
    crypto.generateKeyPairSync('rsa', {
      modulusLength: 1024,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher, passphrase: 'secret' },
    }).privateKey;
  return {
    rsa: pem('rsa', { modulusLength: 2048 }),
    pkcs1: pem('rsa', { modulusLength: 1024 }, 'pkcs1', 'pkcs1'),
    ec: pem('ec', { namedCurve: 'prime256v1' }),
    sec1: pem('ec', { namedCurve: 'secp384r1' }, 'sec1'),
    ed25519: pem('ed25519'),
    encrypted: ['aes-128-cbc', 'aes-256-cbc'].map(encrypted),
  };
};

export default ({ keys }) => {
  const out = [];
  for (const [name, { privateKey, publicKey }] of Object.entries(keys)) {
    if (name === 'encrypted') continue;
    const [own, other] = [crypto.createPrivateKey(privateKey), crypto.createPublicKey(publicKey)];
    const algorithm = name === 'ed25519' ? null : 'sha256';
    const signature = crypto.sign(algorithm, Buffer.from('text'), privateKey);
    const details = { ...own.asymmetricKeyDetails };
    if (details.publicExponent) details.publicExponent = String(details.publicExponent);
    out.push([
      name,
      [own.type, own.asymmetricKeyType, details, other.type, own.symmetricKeySize ?? null],
      other.export({ type: 'spki', format: 'pem' }),
      other.export({ format: 'jwk' }),
      own.export({ type: 'pkcs8', format: 'pem' }),
      own.export({ type: 'pkcs8', format: 'der' }).toString('hex'),
      own.export({ format: 'jwk' }),
      code(() => own.export({ type: 'pkcs1', format: 'pem' })),
      crypto.createPublicKey(privateKey).equals(other),
      crypto.createPublicKey({ key: other.export({ format: 'jwk' }), format: 'jwk' }).equals(other),
      crypto
        .createPrivateKey({ key: own.export({ type: 'pkcs8', format: 'der' }), format: 'der', type: 'pkcs8' })
        .equals(own),
      crypto.verify(algorithm, Buffer.from('text'), publicKey, signature),
      crypto.verify(algorithm, Buffer.from('Text'), publicKey, signature),
      crypto.verify(algorithm, 'text' && Buffer.from('text'), crypto.createPublicKey(privateKey), signature),
      ['rsa', 'pkcs1', 'ed25519'].includes(name) ? signature.toString('base64') : signature.length > 60,
    ]);
  }
  const { rsa, ec, encrypted } = keys;
  const pss = { padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: crypto.constants.RSA_PSS_SALTLEN_DIGEST };
  const signed = crypto
    .createSign('RSA-SHA256')
    .update('te')
    .update('xt')
    .sign({ key: rsa.privateKey, ...pss });
  const fixed = crypto.createSign('sha512').update('7465', 'hex').update('xt').sign(ec.privateKey, 'hex');
  const flat = crypto.sign('sha256', Buffer.from('text'), { key: ec.privateKey, dsaEncoding: 'ieee-p1363' });
  const pair = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const secrets = [
    crypto.diffieHellman({ privateKey: pair.privateKey, publicKey: crypto.createPublicKey(ec.publicKey) }),
    crypto.diffieHellman({ privateKey: crypto.createPrivateKey(ec.privateKey), publicKey: pair.publicKey }),
  ];
  out.push(
    crypto
      .createVerify('RSA-SHA256')
      .update('text')
      .verify({ key: rsa.publicKey, ...pss }, signed),
    crypto.createVerify('sha512').update('text').verify(ec.publicKey, fixed, 'hex'),
    flat.length,
    crypto.verify('sha256', Buffer.from('text'), { key: ec.publicKey, dsaEncoding: 'ieee-p1363' }, flat),
    crypto.privateDecrypt(rsa.privateKey, crypto.publicEncrypt(rsa.publicKey, Buffer.from('short'))).toString(),
    crypto
      .privateDecrypt(
        { key: rsa.privateKey, oaepHash: 'sha256', oaepLabel: Buffer.from('label') },
        crypto.publicEncrypt(
          { key: rsa.publicKey, oaepHash: 'sha256', oaepLabel: Buffer.from('label') },
          Buffer.from('a'),
        ),
      )
      .toString(),
    crypto
      .privateDecrypt(
        { key: rsa.privateKey, padding: crypto.constants.RSA_PKCS1_PADDING },
        crypto.publicEncrypt({ key: rsa.privateKey, padding: crypto.constants.RSA_PKCS1_PADDING }, Buffer.from('old')),
      )
      .toString(),
    secrets[0].equals(secrets[1]),
    encrypted.map((key) => crypto.createPrivateKey({ key, passphrase: 'secret' }).asymmetricKeyType),
    encrypted.map((key) => typeof code(() => crypto.createPrivateKey({ key }))),
    code(() => crypto.createPublicKey('secret')),
    code(() => crypto.createSign('nonsense')),
    code(() => crypto.createPrivateKey(rsa.publicKey)),
    crypto.generateKeySync('aes', { length: 192 }).symmetricKeySize,
  );
  return out;
};
