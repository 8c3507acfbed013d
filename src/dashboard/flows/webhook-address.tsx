import { asString, isJsonObject } from '../api/json.ts';
import type { StoredRecord } from '../api/types.ts';
import { AddressField } from '../app/address-field.tsx';

const TOKEN = '{token}';

/** Where an application sends records of a webhook export. */
export function WebhookAddress({ record: { _id, name, webhook } }: { readonly record: StoredRecord }) {
  const { verify, token } = isJsonObject(webhook) ? webhook : {};
  const hasToken = asString(token) !== undefined;
  return (
    <AddressField
      label={`Address of the webhook ${name}`}
      value={`${location.origin}${location.pathname}v1/exports/${_id}/${hasToken ? TOKEN : '-'}/data`}
      copyLabel={`Copy the address of ${name}`}
      copied="Address copied."
      hint={hint(asString(verify) ?? 'token', hasToken)}
    />
  );
}

function hint(verify: string, hasToken: boolean): string {
  const parts: string[] = [];
  if (hasToken) {
    parts.push(
      `Replace ${TOKEN} with the token that was stored in the export. It is a secret, so it is never shown: if it is lost, store a new one.`,
    );
  } else if (verify === 'token') {
    parts.push('The export has no token yet, so everything is refused. Store one in webhook.token.');
  }
  if (verify === 'hmac') parts.push('Each message must be signed with the key of the export.');
  if (verify === 'basic') parts.push('Messages must have the user name and password of the export.');
  return parts.join(' ');
}
