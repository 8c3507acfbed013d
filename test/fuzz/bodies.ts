/** Bodies, and what is sent of them. */
import { gzipSync } from 'node:zlib';
import fc, { type Arbitrary } from 'fast-check';
import { backupOf } from '../support/backup-text.ts';
import { tgzOf } from '../support/tarballs.ts';
import type { Api, Operation } from './operations.ts';
import { anyJson, jsonFor, mostly, noJson } from './values.ts';

export type FuzzBody =
  | { readonly kind: 'text'; readonly text: string }
  /** Bytes in base64. */
  | { readonly kind: 'bytes'; readonly base64: string }
  /** A tarball whose manifest is this text. */
  | { readonly kind: 'bundle'; readonly manifest: string; readonly code: string }
  /** A backup of these lines. */
  | { readonly kind: 'backup'; readonly lines: readonly string[] };

export function bytesOf(body: FuzzBody | undefined): Buffer | undefined {
  switch (body?.kind) {
    case undefined:
      return undefined;
    case 'text':
      return Buffer.from(body.text);
    case 'bytes':
      return Buffer.from(body.base64, 'base64');
    case 'bundle':
      return tgzOf([
        { path: 'package/package.json', content: body.manifest },
        { path: 'package/index.js', content: body.code },
      ]);
    case 'backup':
      return body.lines.length === 0 ? gzipSync('') : backupOf(body.lines);
  }
}

const CODES = [
  'exports.settings = { echo: (options) => options };',
  'export const settings = {};',
  'syntax error(',
  'for (;;);',
  '',
];

export function bodyOf(api: Api, { body }: Operation): Arbitrary<FuzzBody | undefined> {
  const asText = (json: Arbitrary<string>): Arbitrary<FuzzBody> => json.map((value) => ({ kind: 'text', text: value }));
  const odd: Arbitrary<FuzzBody | undefined> = fc.oneof(
    asText(anyJson),
    asText(noJson),
    fc
      .uint8Array({ maxLength: 40 })
      .map((bytes): FuzzBody => ({ kind: 'bytes', base64: Buffer.from(bytes).toString('base64') })),
    fc.constant(undefined),
  );
  if (!body) return mostly(8, fc.constant(undefined), odd);
  const isJson = body.types.some((type) => /json$/.test(type));
  const right = isJson ? asText(jsonFor(api, body.schema)) : packedBody;
  return mostly(8, right, odd);
}

const section = fc.array(
  fc.tuple(
    fc.constantFrom(
      'title',
      'install',
      'settings',
      'opts',
      'permissions',
      'limits',
      'installerFunction',
      '_id',
      'imageURL',
      'transactional',
    ),
    anyJson,
  ),
  { maxLength: 2 },
);
const packedBody: Arbitrary<FuzzBody> = fc.oneof(
  fc.tuple(section, fc.constantFrom(...CODES)).map(([members, code]): FuzzBody => {
    const inner = members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',');
    return {
      kind: 'bundle',
      manifest: `{"name":"fuzzed","version":"1.0.0","main":"index.js","connector":{${inner}}}`,
      code,
    };
  }),
  anyJson.map((manifest): FuzzBody => ({ kind: 'bundle', manifest, code: '' })),
  fc
    .array(fc.oneof(anyJson, fc.constant('{"format":1}')), { maxLength: 3 })
    .map((lines): FuzzBody => ({ kind: 'backup', lines })),
);
