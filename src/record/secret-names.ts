/** Classifies values by the names of their keys. Pure. */

/** The end of a key decides: `bearerToken` is a secret, `tokenURI` is not. */
const NAME_CHARS = 48;

/** Ignores letter case, separators and a trailing number: `API-Key2`. */
const plain = (key: string): string =>
  key
    .slice(-NAME_CHARS)
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
    .replace(/\d+$/, '');

const KEYS =
  'access|account|api|app|auth|client|consumer|decrypt|decryption|encryption|hmac|master|private|sas|secret|service|shared|signing|ssh|storage|subscription';
const SECRET = new RegExp(
  `(?:password|passwd|pwd|passphrase|passcode|passkey|secret|token|tokenid|(?:${KEYS})key|credential|authorization|connectionstring|jwt|cookie|pfx)s?$|^(?:pass|pin)$`,
);

/** Below these, `key` is a private key. */
const OF_CERTIFICATES = /(?:certificate|cert|ssl|tls|webhook)s?$/;

export function isNamedLikeASecret(key: string, parent: string): boolean {
  const name = plain(key);
  return SECRET.test(name) || (name === 'key' && OF_CERTIFICATES.test(plain(parent)));
}

/** Everything below such a key is a credential. */
export const isEncryptedByName = (key: string): boolean => key.length >= ENCRYPTED.length && plain(key) === ENCRYPTED;
const ENCRYPTED = 'encrypted';

const SETTING =
  /(?:type|location|headername|paramname|scheme|ur[il]|path|method|scopes?|delimiter|clientid|statuscodes?)$/;

/** Below `http.auth`: settings for how credentials are sent. Everything else there is a credential. */
export const isNamedLikeASetting = (key: string): boolean => SETTING.test(plain(key));

const ADDRESS =
  /(?:ur[il]s?|host|hostname|server|servername|endpoint|domain|account|accountid|tenant|tenantid|realm|region|environment|datacenter)$|^port$/;

/** A field that says where credentials are sent. */
export const isNamedLikeAnAddress = (key: string): boolean => ADDRESS.test(plain(key));
