/** Takes credentials out of texts. */

/** Shorter texts would be found everywhere. */
const SECRET_CHARS_MIN = 4;

export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce(
    (rest, secret) => (secret.length < SECRET_CHARS_MIN ? rest : rest.replaceAll(secret, '[redacted]')),
    text,
  );
}
