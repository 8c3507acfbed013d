/** Which keys of a record hold credentials by their names. Pure. */

/** Of a key, the end says what it is: `bearerToken`, and not `tokenURI`. */
const NAME_CHARS = 48;

/** Letter case, dashes and underscores, and a number at the end make no difference: `API-Key2`. */
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

/** Below these, a `key` is a private one. */
const OF_CERTIFICATES = /(?:certificate|cert|ssl|tls|webhook)s?$/;

export function isNamedLikeASecret(key: string, parent: string): boolean {
  const name = plain(key);
  return SECRET.test(name) || (name === 'key' && OF_CERTIFICATES.test(plain(parent)));
}

/** Below it, everything is a credential. */
export const isEncryptedByName = (key: string): boolean => plain(key) === 'encrypted';

const SETTING =
  /(?:type|location|headername|paramname|scheme|ur[il]|path|method|scopes?|delimiter|clientid|statuscodes?)$/;

/** Below `http.auth`, how credentials are sent. All else there is one. */
export const isNamedLikeASetting = (key: string): boolean => SETTING.test(plain(key));

const ADDRESS =
  /(?:ur[il]s?|host|hostname|server|servername|endpoint|domain|account|accountid|tenant|tenantid|realm|region|environment|datacenter)$|^port$/;

/** Says where credentials go. */
export const isNamedLikeAnAddress = (key: string): boolean => ADDRESS.test(plain(key));
