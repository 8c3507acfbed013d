/** Builds the arguments of the flow engine from stored records. Credentials are masked, except those of wrappers. */

import type { Service } from '../integration/service.ts';
import type { JsonObject } from '../json.ts';
import { openCredentials } from '../record/credentials.ts';
import { publicText } from '../record/records.ts';
import { concatPieces } from '../store/document.ts';
import type { Part } from '../store/part.ts';
import type { RecordKind } from '../store/stored.ts';
import type { Account } from '../work/work.ts';

type Text = string | Buffer;

/** JSON of records for the engine, cached until the record changes. */
export class RecordTexts {
  readonly #service: Pick<Service, 'work' | 'keyring'>;
  readonly #account: Account;
  readonly #cache = new Map<
    string,
    { readonly part: Part; readonly text: Buffer; readonly secrets: readonly string[] }
  >();

  constructor(service: Pick<Service, 'work' | 'keyring'>, account: Account) {
    this.#service = service;
    this.#account = account;
  }

  async of(kind: RecordKind, part: Part): Promise<{ readonly text: Buffer; readonly secrets: readonly string[] }> {
    const key = part.head._id;
    const cached = this.#cache.get(key);
    if (cached && cached.part.revision === part.revision) return cached;
    const made = { part, ...(await this.#make(kind, part)) };
    this.#cache.set(key, made);
    return made;
  }

  async #make(kind: RecordKind, part: Part) {
    const isWrapper = kind === 'connections' && part.head.type === 'wrapper' && !part.isLarge;
    if (!isWrapper) return { text: await publicText(this.#service.work, this.#account, kind, part), secrets: [] };
    // Only the connector's own functions can sign in to a wrapper's application.
    const open = openCredentials(this.#service.keyring, part.value);
    return {
      text: Buffer.from(JSON.stringify(open.record)),
      secrets: [...open.secretsOf('user'), ...open.secretsOf('run')],
    };
  }

  /** `"connections":{…}` */
  async connections(
    parts: ReadonlyMap<string, Part>,
  ): Promise<{ readonly pieces: Text[]; readonly secrets: string[] }> {
    const pieces: Text[] = ['"connections":{'];
    const secrets: string[] = [];
    for (const [id, part] of parts) {
      const made = await this.of('connections', part);
      pieces.push(`${pieces.length > 1 ? ',' : ''}"${id}":`, made.text);
      secrets.push(...made.secrets);
    }
    pieces.push('}');
    return { pieces, secrets };
  }
}

/** An object's JSON, from the JSON of its members and from plain values. */
export function argumentText(members: readonly (readonly Text[])[], values: JsonObject): Buffer {
  const rest = JSON.stringify(values).slice(1, -1);
  const pieces = [...members, ...(rest === '' ? [] : [[rest]])];
  return concatPieces(['{', ...pieces.flatMap((member, index) => (index === 0 ? member : [',', ...member])), '}']);
}
