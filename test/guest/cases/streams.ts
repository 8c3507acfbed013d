/** Streams, compression, and the streams of the encodings, as the Web Platform Tests have them. */
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import type { Suite } from '../evaluate.ts';
import { expressions } from './expressions.ts';

const pieces = (text: string, ...sizes: number[]): string[] => {
  const found: string[] = [];
  let at = 0;
  for (const size of sizes) {
    found.push(text.slice(at, at + size));
    at += size;
  }
  return [...found, text.slice(at)];
};

const text = 'näive 😀 text, '.repeat(40);
const packed = (pack: (data: Buffer) => Buffer): string => pack(Buffer.from(text)).toString('base64');
const compressed = { gzip: packed(gzipSync), deflate: packed(deflateSync), 'deflate-raw': packed(deflateRawSync) };

/** Takes chunks of bytes as texts in Latin-1, and gives those that come out. */
const through = (make: string, toChunk: string): string => `async (argument, chunks) => {
  const stream = ${make};
  const writer = stream.writable.getWriter();
  const written = (async () => {
    for (const chunk of chunks) await writer.write(${toChunk});
    await writer.close();
  })();
  written.catch(() => {});
  let out = '';
  for await (const piece of stream.readable) out += typeof piece === 'string' ? piece : String.fromCharCode(...piece);
  await written;
  return out;
}`;
const latin1 = `Uint8Array.from(chunk, (c) => c.charCodeAt(0))`;
const bytesIn = (base64: string): string => Buffer.from(base64, 'base64').toString('latin1');
const utf8 = (value: string): string => Buffer.from(value).toString('latin1');

export const streamSuites: readonly Suite[] = [
  expressions(
    'streams, reading',
    `
    (async () => { const seen = []; for await (const x of ReadableStream.from([1, 2, 3])) seen.push(x); return seen })()
    (async () => { const r = new ReadableStream({ start(c) { c.enqueue('a'); c.enqueue('b'); c.close() } }).getReader(); const all = []; for (let i = 0; i < 3; i++) { const { done, value } = await r.read(); all.push(done, value) } return [all, await r.closed] })()
    (async () => { let n = 0; const s = new ReadableStream({ pull(c) { c.enqueue(++n); if (n === 3) c.close() } }); const seen = []; for await (const x of s) seen.push(x); return [seen, n] })()
    (async () => { const s = new ReadableStream(); const r = s.getReader(); let again; try { s.getReader() } catch (e) { again = e.name } r.releaseLock(); return [s.locked, again, s.getReader() !== r] })()
    new ReadableStream({ start(c) { c.error(new RangeError('own')) } }).getReader().read()
    new ReadableStream({ start() { throw new RangeError('own') } })
    new ReadableStream({ async pull() { throw new RangeError('own') } }).getReader().read()
    (async () => { let why; const s = new ReadableStream({ cancel(reason) { why = reason } }); await s.cancel('enough'); const { done, value } = await s.getReader().read(); return [why, done, value] })()
    (async () => { let why; const s = new ReadableStream({ pull(c) { c.enqueue(1) }, cancel(reason) { why = reason } }); for await (const x of s) break; return [why, s.locked] })()
    (async () => { let why = 'none'; const s = new ReadableStream({ pull(c) { c.enqueue(1) }, cancel() { why = 'cancelled' } }); for await (const x of s.values({ preventCancel: true })) break; return why })()
    (async () => { const s = new ReadableStream({ start(c) { c.enqueue(1); c.close() } }); const [a, b] = s.tee(); return [(await a.getReader().read()).value, (await b.getReader().read()).value, s.locked] })()
    (async () => { let size; new ReadableStream({ start(c) { size = [c.desiredSize]; c.enqueue('abc'); size.push(c.desiredSize) } }, { highWaterMark: 5, size: (x) => x.length }); return size })()
    new ReadableStream({}, { highWaterMark: -1 })
    new ReadableStream({}, { highWaterMark: 'x' })
    new ReadableStream({ type: 'other' })
    new ReadableStream({}, { size: 5 })
    new ReadableStream({ start(c) { c.close(); c.enqueue(1) } })
    new ReadableStream({ start(c) { c.close(); c.close() } })
    new ReadableStream().getReader({ mode: 'byob' })
    new ReadableStream().getReader({ mode: 'other' })
    new ReadableStreamDefaultReader(new ReadableStream()).closed instanceof Promise
    new ReadableStreamDefaultReader({})
    new ReadableStreamDefaultController()
    ReadableStream()
    ReadableStream.from(5)
    ReadableStream.from(null)
    (async () => { const r = ReadableStream.from((async function* () { yield 1; throw new RangeError('own') })()).getReader(); return [(await r.read()).value, await r.read().catch((e) => e.message)] })()
    (async () => { const r = new ReadableStream().getReader(); const pending = r.read().catch((e) => e.name); r.releaseLock(); return [await pending, await r.closed.catch((e) => e.name)] })()
    Object.prototype.toString.call(new ReadableStream())
    Object.getOwnPropertyNames(ReadableStream.prototype).sort()
    ReadableStream.prototype[Symbol.asyncIterator] === ReadableStream.prototype.values
    Object.keys(ReadableStream.prototype).sort()
  `,
  ),
  expressions(
    'streams of bytes',
    `
    (async () => { const s = new ReadableStream({ type: 'bytes', start(c) { c.enqueue(new Uint8Array([1, 2, 3, 4])); c.close() } }); const r = s.getReader({ mode: 'byob' }); const { value, done } = await r.read(new Uint8Array(3)); const next = await r.read(new Uint8Array(3)); const last = await r.read(new Uint8Array(3)); return [value, done, next.value, next.done, last.value, last.done] })()
    (async () => { const s = new ReadableStream({ type: 'bytes', pull(c) { c.byobRequest.view[0] = 7; c.byobRequest.respond(1) } }); const view = new Uint8Array(2); const { value } = await s.getReader({ mode: 'byob' }).read(view); return [value, view.byteLength, value.buffer.byteLength] })()
    (async () => { const s = new ReadableStream({ type: 'bytes', autoAllocateChunkSize: 8, pull(c) { c.byobRequest.view[0] = 9; c.byobRequest.respond(1); c.close() } }); return (await s.getReader().read()).value })()
    (async () => { const s = new ReadableStream({ type: 'bytes', start(c) { c.enqueue(new Uint8Array([1, 2, 3])) } }); const r = s.getReader({ mode: 'byob' }); return (await r.read(new Uint16Array(1))).value })()
    (async () => { const s = new ReadableStream({ type: 'bytes', start(c) { c.enqueue(new Uint8Array([1])); c.enqueue(new Uint8Array([2, 3])) } }); const r = s.getReader({ mode: 'byob' }); return (await r.read(new Uint8Array(3), { min: 3 })).value })()
    new ReadableStream({ type: 'bytes', start(c) { c.enqueue('text') } })
    new ReadableStream({ type: 'bytes', start(c) { c.enqueue(new Uint8Array(0)) } })
    new ReadableStream({ type: 'bytes', autoAllocateChunkSize: 0 })
    new ReadableStream({ type: 'bytes' }, { size: () => 1 })
    new ReadableStream({ type: 'bytes' }).getReader({ mode: 'byob' }).read(new Uint8Array(0))
    new ReadableStream({ type: 'bytes' }).getReader({ mode: 'byob' }).read()
    (() => { const b = new Uint8Array([1, 2]); new ReadableStream({ type: 'bytes', start(c) { c.enqueue(b) } }); return b.byteLength })()
    (async () => { const [a, b] = new ReadableStream({ type: 'bytes', start(c) { c.enqueue(new Uint8Array([1, 2])); c.close() } }).tee(); return [(await a.getReader({ mode: 'byob' }).read(new Uint8Array(4))).value, (await b.getReader().read()).value] })()
  `,
  ),
  expressions(
    'streams, writing',
    `
    (async () => { const seen = []; const w = new WritableStream({ write: (x) => { seen.push(x) }, close: () => { seen.push('closed') } }).getWriter(); w.write(1); w.write(2); await w.close(); return seen })()
    (async () => { const w = new WritableStream({}, { highWaterMark: 2 }).getWriter(); const before = w.desiredSize; w.write(1); return [before, w.desiredSize] })()
    (async () => { let why; const w = new WritableStream({ abort: (reason) => { why = reason } }).getWriter(); await w.abort('enough'); return [why, await w.closed.catch((e) => e), await w.write(1).catch((e) => e)] })()
    (async () => { let signal; const s = new WritableStream({ start: (c) => { signal = c.signal } }); await s.abort('why'); return [signal.aborted, signal.reason, signal instanceof AbortSignal] })()
    new WritableStream({ write() { throw new RangeError('own') } }).getWriter().write(1)
    new WritableStream({ start() { throw new RangeError('own') } })
    new WritableStream({ type: 'bytes' })
    (async () => { const s = new WritableStream(); const w = s.getWriter(); let again; try { s.getWriter() } catch (e) { again = e.name } const locked = s.locked; w.releaseLock(); return [locked, again, s.locked, await w.closed.catch((e) => e.name)] })()
    (async () => { const w = new WritableStream().getWriter(); await w.close(); return [await w.write(1).catch((e) => e.name), await w.close().catch((e) => e.name)] })()
    (async () => { const w = new WritableStream({ start: (c) => c.error('broken') }).getWriter(); return [await w.ready.catch((e) => e), await w.closed.catch((e) => e)] })()
    new WritableStreamDefaultController()
    new WritableStreamDefaultWriter({})
    new WritableStream().abort.call({})
    Object.keys(WritableStream.prototype).sort()
    [new CountQueuingStrategy({ highWaterMark: 4 }).highWaterMark, new CountQueuingStrategy({ highWaterMark: 4 }).size('abc'), new ByteLengthQueuingStrategy({ highWaterMark: 4 }).size(new Uint8Array(3)), new ByteLengthQueuingStrategy({ highWaterMark: 4 }).size({})]
    new CountQueuingStrategy()
    new ByteLengthQueuingStrategy({})
  `,
  ),
  expressions(
    'streams, piping and transforming',
    `
    (async () => { const seen = []; await ReadableStream.from([1, 2, 3]).pipeThrough(new TransformStream({ transform: (x, c) => { c.enqueue(x); c.enqueue(-x) }, flush: (c) => c.enqueue('end') })).pipeTo(new WritableStream({ write: (x) => { seen.push(x) } })); return seen })()
    (async () => { const seen = []; for await (const x of ReadableStream.from('ab').pipeThrough(new TransformStream())) seen.push(x); return seen })()
    ReadableStream.from([1]).pipeTo(new WritableStream({ write() { throw new RangeError('own') } }))
    new ReadableStream({ start(c) { c.error(new RangeError('own')) } }).pipeTo(new WritableStream())
    (async () => { const c = new AbortController(); const done = new ReadableStream().pipeTo(new WritableStream(), { signal: c.signal }).catch((e) => e.name); c.abort(); return done })()
    (async () => { const c = new AbortController(); c.abort('why'); const w = new WritableStream(); return [await new ReadableStream().pipeTo(w, { signal: c.signal }).catch((e) => e), await w.getWriter().closed.catch((e) => e)] })()
    (async () => { const w = new WritableStream(); await ReadableStream.from([]).pipeTo(w, { preventClose: true }); return w.getWriter().desiredSize })()
    (async () => { let why; const r = new ReadableStream({ cancel(reason) { why = reason } }); const w = new WritableStream({ start(c) { c.error('broken') } }); await r.pipeTo(w).catch(() => {}); return why })()
    ReadableStream.from([1]).pipeTo({})
    ReadableStream.from([1]).pipeThrough({})
    (async () => { const s = new ReadableStream(); s.getReader(); return s.pipeTo(new WritableStream()) })()
    (() => { const s = new ReadableStream(); s.getReader(); return s.pipeThrough(new TransformStream()) })()
    (async () => { const t = new TransformStream({ transform: (x, c) => c.terminate() }); const w = t.writable.getWriter(); const r = t.readable.getReader(); w.closed.catch(() => {}); const [read] = await Promise.all([r.read(), w.write(1).catch(() => {})]); return [read.done, await w.write(2).catch((e) => e.name)] })()
    (async () => { const t = new TransformStream({ transform() { throw new RangeError('own') } }); const w = t.writable.getWriter(); w.closed.catch(() => {}); const read = t.readable.getReader().read().catch((e) => e.message); return [await w.write(1).catch((e) => e.message), await read] })()
    (async () => { let why; const t = new TransformStream({ cancel(reason) { why = reason } }); await t.readable.cancel('enough'); return [why, await t.writable.getWriter().closed.catch((e) => e)] })()
    (async () => { const t = new TransformStream({ flush: (c) => c.error('broken') }); const r = t.readable.getReader().read().catch((e) => e); t.writable.close().catch(() => {}); return r })()
    new TransformStream({ readableType: 'bytes' })
    new TransformStream({ start() { throw new RangeError('own') } })
    new TransformStreamDefaultController()
    [new TransformStream().readable instanceof ReadableStream, new TransformStream().writable instanceof WritableStream]
  `,
  ),
  expressions(
    'streams as bodies',
    `
    new Response(new ReadableStream({ start(c) { c.enqueue(new TextEncoder().encode('hä')); c.close() } })).text()
    new Response(ReadableStream.from([new Uint8Array([123]), new Uint8Array([125])])).json()
    new Response(ReadableStream.from(['text'])).text()
    new Response(new ReadableStream({ start(c) { c.error(new RangeError('own')) } })).arrayBuffer()
    (() => { const s = new ReadableStream(); s.getReader(); return new Response(s) })()
    (async () => { const s = new ReadableStream({ start(c) { c.close() } }); await s.getReader().closed; return new Response(s).text() })()
    (async () => { const r = new Response('abc'); const { value } = await r.body.getReader().read(); return [value, r.bodyUsed, await r.text().catch((e) => e.name)] })()
    (async () => { const r = new Response('abc'); const c = r.clone(); return [await new Response(r.body.pipeThrough(new TextDecoderStream()).pipeThrough(new TextEncoderStream())).text(), await c.text(), r.bodyUsed] })()
    (async () => { const [a, b] = new Response('abc').body.tee(); return [await new Response(a).text(), (await new Response(b).bytes()).length] })()
    [new Response('x').body instanceof ReadableStream, new Blob(['x']).stream() instanceof ReadableStream, new Request('https://a.test', { method: 'POST', body: 'x' }).body instanceof ReadableStream, new Response().body]
    (async () => { let out = ''; for await (const piece of new Blob(['ab', 'cd']).stream().pipeThrough(new TextDecoderStream())) out += piece; return out })()
    new Request('https://a.test', { method: 'POST', body: new ReadableStream() })
    new Request('https://a.test', { method: 'POST', body: new ReadableStream({ start(c) { c.enqueue(new Uint8Array([65])); c.close() } }), duplex: 'half' }).text()
    (async () => { const r = new Response('abc').body.getReader({ mode: 'byob' }); return (await r.read(new Uint8Array(2))).value })()
    (async () => { const r = new Response(new ReadableStream()); await r.body.cancel('enough'); return r.bodyUsed })()
  `,
  ),
  ...(['gzip', 'deflate', 'deflate-raw'] as const).map((format) => {
    const whole = bytesIn(compressed[format]);
    const chunks = [
      [whole],
      pieces(whole, 1, 1, 1, 10),
      [...whole],
      [whole, ''],
      [whole, 'x'],
      [`${whole}x`],
      [whole.slice(0, -1)],
      [whole.slice(0, 4)],
      [`x${whole.slice(1)}`],
      [whole.slice(0, 30), 'xxxxxxxxx', whole.slice(40)],
      [],
      [''],
    ];
    return {
      api: `DecompressionStream, ${format}`,
      subject: through('new DecompressionStream(argument)', latin1),
      cases: chunks.map((each) => [format, each]),
    };
  }),
  {
    api: 'CompressionStream, and back',
    subject: `async (argument, chunks) => {
      const packed = new Blob(chunks).stream().pipeThrough(new CompressionStream(argument));
      const sizes = [];
      const counted = packed.pipeThrough(new TransformStream({ transform(x, c) { sizes.push(x.constructor === Uint8Array); c.enqueue(x) } }));
      const back = await new Response(counted.pipeThrough(new DecompressionStream(argument))).text();
      return [back === chunks.join(''), back.length, sizes.every(Boolean)];
    }`,
    cases: ['gzip', 'deflate', 'deflate-raw'].flatMap((format) =>
      [[], ['a'], [text], pieces(text, 1, 2, 3, 100), ['x'.repeat(300_000)]].map((each) => [format, each]),
    ),
  },
  expressions(
    'CompressionStream, behaviour',
    `
    new CompressionStream()
    new CompressionStream('zip')
    new CompressionStream('GZIP')
    new DecompressionStream('a')
    CompressionStream('gzip')
    (async () => { const s = new CompressionStream('gzip'); s.readable.getReader().read().catch(() => {}); const w = s.writable.getWriter(); w.closed.catch(() => {}); return w.write('text').catch((e) => e.name) })()
    (async () => { const s = new DecompressionStream('gzip'); s.readable.getReader().read().catch(() => {}); const w = s.writable.getWriter(); w.closed.catch(() => {}); return w.write({}).catch((e) => e.name) })()
    Object.prototype.toString.call(new CompressionStream('gzip')) + Object.prototype.toString.call(new DecompressionStream('gzip'))
    Object.keys(CompressionStream.prototype).sort()
    [new CompressionStream('gzip').readable instanceof ReadableStream, new CompressionStream('gzip').writable instanceof WritableStream]
    (async () => { const c = new CompressionStream('deflate'); const w = c.writable.getWriter(); w.write(new Uint8Array([1, 2, 3, 4]).subarray(1, 3)); w.write(new Uint8Array([5]).buffer); w.write(new DataView(new Uint8Array([6]).buffer)); w.close(); return new Response(c.readable.pipeThrough(new DecompressionStream('deflate'))).bytes() })()
  `,
    {
      "(async () => { const s = new CompressionStream('gzip'); s.readable.getReader().read().catch(() => {}); const w = s.writable.getWriter(); w.closed.catch(() => {}); return w.write('text').catch((e) => e.name) })()":
        'Node compresses text, too; the standard takes bytes only',
    },
  ),
  {
    api: 'TextDecoderStream',
    subject: through('new TextDecoderStream(...argument)', latin1),
    cases: [
      [['utf-8'], pieces(utf8('ä€😀x'), 1, 1, 2, 3)],
      [['utf-8'], [...utf8('ä€😀')]],
      [['utf-8'], [utf8('\uFEFFa')]],
      [['utf-8', { ignoreBOM: true }], [utf8('\uFEFFa')]],
      [['utf-8'], [utf8('😀').slice(0, 2)]],
      [['utf-8', { fatal: true }], [utf8('😀').slice(0, 2)]],
      [['utf-8', { fatal: true }], ['\xff']],
      [['utf-16le'], ['a', '\0', 'b', '\0']],
      [['shift_jis'], ['\x82', '\xa0']],
      [['nonsense'], []],
      [[], []],
    ],
  },
  {
    api: 'TextEncoderStream',
    subject: through('new TextEncoderStream()', 'chunk'),
    cases: [
      [null, ['a', 'ä', '😀']],
      [null, ['\ud83d', '\ude00']],
      [null, ['\ud83d', 'x']],
      [null, ['x\ud83d']],
      [null, ['\ude00']],
      [null, ['', '']],
      [null, [5, null, true]],
    ],
  },
  expressions(
    'TextDecoderStream and TextEncoderStream, behaviour',
    `
    [new TextDecoderStream('latin1').encoding, new TextDecoderStream().fatal, new TextDecoderStream('utf-8', { fatal: true, ignoreBOM: true }).ignoreBOM, new TextEncoderStream().encoding]
    [new TextDecoderStream().readable instanceof ReadableStream, new TextEncoderStream().writable instanceof WritableStream]
    Object.prototype.toString.call(new TextDecoderStream()) + Object.prototype.toString.call(new TextEncoderStream())
    (async () => { const s = new TextDecoderStream(); s.readable.getReader().read().catch(() => {}); const w = s.writable.getWriter(); w.closed.catch(() => {}); return w.write('text').catch((e) => e.name) })()
    TextDecoderStream()
  `,
    {
      'Object.prototype.toString.call(new TextDecoderStream()) + Object.prototype.toString.call(new TextEncoderStream())':
        'Node has no tags; by Web IDL they are the names',
    },
  ),
];
