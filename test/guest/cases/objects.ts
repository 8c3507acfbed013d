/** `structuredClone`, events, signals, `DOMException`, `crypto`, timers. */
import type { Suite } from '../evaluate.ts';
import { expressions } from './expressions.ts';

const texts = ['', 'a', 'The quick brown fox jumps over the lazy dog', 'ä€😀', 'x'.repeat(200)];
const hashes = ['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512', 'sha-256', 'MD5', 'SHA-224', ''];

export const objectSuites: readonly Suite[] = [
  expressions(
    'structuredClone',
    String.raw`
    structuredClone(undefined)
    structuredClone(null)
    [structuredClone(true), structuredClone(-0), Object.is(structuredClone(-0), -0), structuredClone(NaN), structuredClone('ä\ud800'), structuredClone(10n)]
    structuredClone(Symbol())
    structuredClone(() => 1)
    structuredClone({ f() {} })
    structuredClone({ a: { b: [1, { c: 2 }] } })
    structuredClone([1, , 3]).length + String(1 in structuredClone([1, , 3]))
    Object.keys(structuredClone(Object.assign([1], { x: 2 })))
    structuredClone(new Date(5))
    Object.prototype.toString.call(structuredClone(new Date(NaN))) + structuredClone(new Date(NaN)).getTime()
    structuredClone(/a(b)/giu)
    (() => { const r = /a/g; r.lastIndex = 3; return structuredClone(r).lastIndex })()
    structuredClone(new Map([[{ a: 1 }, new Set([1, [2]])]]))
    structuredClone(new Set([1, 'a', { b: 2 }]))
    [typeof structuredClone(Object(1)), structuredClone(Object('s')) instanceof String, structuredClone(Object(false)) instanceof Boolean, Object.prototype.toString.call(structuredClone(Object(1n)))]
    structuredClone(Object(Symbol()))
    structuredClone(new Uint8Array([1, 2]))
    structuredClone(new Float64Array([1.5]))
    structuredClone(new BigInt64Array([1n]))
    structuredClone(new DataView(new Uint8Array([1, 2, 3]).buffer, 1)).byteOffset
    structuredClone(new Uint8Array([1, 2, 3, 4]).subarray(1, 3)).buffer.byteLength
    structuredClone(new Uint8Array([1, 2]).buffer)
    (() => { const b = new ArrayBuffer(2); const { x, y } = structuredClone({ x: b, y: new Uint8Array(b) }); return y.buffer === x })()
    (() => { const a = {}; a.self = a; const c = structuredClone(a); return [c.self === c, c !== a] })()
    (() => { const s = {}; const c = structuredClone([s, s]); return c[0] === c[1] })()
    (() => { const b = new Uint8Array([1, 2]).buffer; const c = structuredClone(b, { transfer: [b] }); return [b.byteLength, c.byteLength, b.detached] })()
    (() => { const b = new ArrayBuffer(1); return structuredClone(b, { transfer: [b, b] }) })()
    structuredClone(1, { transfer: [{}] })
    structuredClone(1, { transfer: 5 })
    structuredClone(1, null)
    structuredClone()
    (() => { const e = structuredClone(new RangeError('m', { cause: { a: 1 } })); return [e instanceof RangeError, e.name, e.message, e.cause.a, typeof e.stack] })()
    (() => { const e = new Error('m'); e.name = 'Odd'; return structuredClone(e).name })()
    (() => { const e = new Error('m'); e.name = 'TypeError'; return structuredClone(e) instanceof TypeError })()
    structuredClone(new EvalError('x')) instanceof EvalError
    (() => { const e = new Error('m'); e.extra = 1; return 'extra' in structuredClone(e) })()
    structuredClone(new WeakMap())
    structuredClone(new WeakRef({}))
    structuredClone(Promise.resolve())
    structuredClone(new Proxy({ a: 1 }, {}))
    structuredClone({ get a() { return 5 } })
    structuredClone({ get a() { throw new RangeError('own') } })
    Object.getPrototypeOf(structuredClone(new (class A { b = 1 })())) === Object.prototype
    Object.getPrototypeOf(structuredClone(Object.create(null))) === Object.prototype
    Object.keys(structuredClone(Object.defineProperty({ a: 1 }, 'b', { value: 2 })))
    Object.getOwnPropertySymbols(structuredClone({ [Symbol.iterator]: 1 })).length
    structuredClone(JSON.parse('{"__proto__": 1, "a": 2}')).a
    Object.hasOwn(structuredClone(JSON.parse('{"__proto__": 1}')), '__proto__')
    Object.keys(structuredClone({ 2: 'b', 1: 'a', z: 0, y: 1 }))
    Object.isFrozen(structuredClone(Object.freeze({ a: 1 })))
    structuredClone(function* () {}())
    structuredClone(new (class extends Map {})([[1, 2]])) instanceof Map
    structuredClone((function () { return arguments })(1, 2))
    structuredClone(globalThis.Math)
    structuredClone.length
    structuredClone.name
  `,
    {
      'structuredClone(new Proxy({ a: 1 }, {}))': 'JavaScript cannot tell a proxy from its target',
      'structuredClone(globalThis.Math)': 'core-js takes an object with a tag of its own for a platform object',
      'structuredClone.length': 'Node has 2; by Web IDL the one required argument counts',
    },
  ),
  expressions(
    'Event and EventTarget',
    `
    (() => { const t = new EventTarget(); const seen = []; t.addEventListener('x', (e) => seen.push(e.type, e.target === t, e.eventPhase)); return [t.dispatchEvent(new Event('x')), seen] })()
    (() => { const t = new EventTarget(); let n = 0; t.addEventListener('x', () => n++, { once: true }); t.dispatchEvent(new Event('x')); t.dispatchEvent(new Event('x')); return n })()
    (() => { const t = new EventTarget(); let n = 0; const f = () => n++; t.addEventListener('x', f); t.addEventListener('x', f); t.dispatchEvent(new Event('x')); t.removeEventListener('x', f); t.dispatchEvent(new Event('x')); return n })()
    (() => { const t = new EventTarget(); const seen = []; t.addEventListener('x', { handleEvent(e) { seen.push(this !== t, e.type) } }); t.dispatchEvent(new Event('x')); return seen })()
    (() => { const t = new EventTarget(); t.addEventListener('x', (e) => e.preventDefault()); return [t.dispatchEvent(new Event('x')), t.dispatchEvent(new Event('x', { cancelable: true }))] })()
    (() => { const t = new EventTarget(); const seen = []; t.addEventListener('x', (e) => { seen.push(1); e.stopImmediatePropagation() }); t.addEventListener('x', () => seen.push(2)); t.dispatchEvent(new Event('x')); return seen })()
    (() => { const t = new EventTarget(); const c = new AbortController(); let n = 0; t.addEventListener('x', () => n++, { signal: c.signal }); t.dispatchEvent(new Event('x')); c.abort(); t.dispatchEvent(new Event('x')); return n })()
    (() => { const t = new EventTarget(); t.addEventListener('x', null); return t.dispatchEvent(new Event('x')) })()
    (() => { const t = new EventTarget(); return t.dispatchEvent({ type: 'x' }) })()
    (() => { const e = new Event('x', { bubbles: true, cancelable: true, composed: true }); return [e.type, e.bubbles, e.cancelable, e.composed, e.defaultPrevented, e.isTrusted, e.target, e.currentTarget, e.eventPhase, e.composedPath()] })()
    new Event()
    Event('x')
    [Event.NONE, Event.CAPTURING_PHASE, Event.AT_TARGET, Event.BUBBLING_PHASE]
    (() => { const t = new EventTarget(); let again; t.addEventListener('x', (e) => { try { t.dispatchEvent(e) } catch (error) { again = error.name } }); t.dispatchEvent(new Event('x')); return again })()
    (() => { class Own extends EventTarget {} const t = new Own(); let n = 0; t.addEventListener('x', () => n++); t.dispatchEvent(new (class extends Event {})('x')); return n })()
  `,
    {
      "(() => { const t = new EventTarget(); let again; t.addEventListener('x', (e) => { try { t.dispatchEvent(e) } catch (error) { again = error.name } }); t.dispatchEvent(new Event('x')); return again })()":
        'Node has an Error with a code of its own; the standard has InvalidStateError',
    },
  ),
  expressions(
    'AbortController and AbortSignal',
    `
    (() => { const c = new AbortController(); const before = [c.signal.aborted, c.signal.reason]; c.abort(); return [before, c.signal.aborted, c.signal.reason.name, c.signal.reason.code, c.signal.reason instanceof DOMException] })()
    (() => { const c = new AbortController(); c.abort('why'); c.abort('again'); return c.signal.reason })()
    (() => { const c = new AbortController(); c.abort(undefined); return c.signal.reason.name })()
    (() => { const c = new AbortController(); c.abort(null); return c.signal.reason })()
    (() => { const c = new AbortController(); const seen = []; c.signal.onabort = (e) => seen.push(e.type, e.isTrusted, e.target === c.signal); c.abort(); c.abort(); return seen.length })()
    (() => { const c = new AbortController(); const seen = []; c.signal.addEventListener('abort', (e) => seen.push(e.type)); c.signal.onabort = () => seen.push('on'); c.signal.onabort = null; c.abort(); return seen })()
    (() => { const c = new AbortController(); return c.signal === c.signal })()
    new AbortSignal()
    AbortController()
    [AbortSignal.abort().aborted, AbortSignal.abort().reason.name, AbortSignal.abort(5).reason]
    AbortSignal.abort(new RangeError()).throwIfAborted()
    new AbortController().signal.throwIfAborted()
    new Promise((resolve) => { const s = AbortSignal.timeout(5); s.onabort = () => resolve([s.aborted, s.reason.name, s.reason.code]); setTimeout(() => {}, 50) })
    AbortSignal.timeout(-1)
    AbortSignal.timeout()
    AbortSignal.timeout(0).aborted
    (() => { const a = new AbortController(), b = new AbortController(); const s = AbortSignal.any([a.signal, b.signal]); const before = s.aborted; b.abort('b'); a.abort('a'); return [before, s.aborted, s.reason] })()
    AbortSignal.any([]).aborted
    AbortSignal.any([AbortSignal.abort(1), AbortSignal.abort(2)]).reason
    AbortSignal.any([{}])
    AbortSignal.any()
    AbortSignal.any(5)
    (() => { const a = new AbortController(); const s = AbortSignal.any([AbortSignal.any([a.signal]), a.signal]); a.abort(3); return s.reason })()
    (() => { const a = new AbortController(); const order = []; const s = AbortSignal.any([a.signal]); s.addEventListener('abort', () => order.push('any')); a.signal.addEventListener('abort', () => order.push(s.aborted, 'own')); a.abort(); return order })()
    (() => { const a = new AbortController(); const s = AbortSignal.any([a.signal]); a.signal.addEventListener('abort', () => {}); let n = 0; s.onabort = () => n++; a.abort(); a.abort(); return n })()
    new AbortController().signal instanceof EventTarget
    Object.prototype.toString.call(new AbortController()) + Object.prototype.toString.call(new AbortController().signal)
    Object.keys(AbortSignal.prototype).sort()
    Object.keys(AbortController.prototype).sort()
    (() => { 'use strict'; const s = AbortSignal.abort(); s.aborted = false; return s.aborted })()
    Object.getOwnPropertyDescriptor(AbortSignal.prototype, 'aborted').get.call({})
  `,
    {
      'AbortSignal.timeout(-1)': 'Node has a RangeError; Web IDL has a TypeError',
      'Object.keys(AbortSignal.prototype).sort()': 'Node lists two of four members; Web IDL lists all',
    },
  ),
  expressions(
    'DOMException',
    `
    (() => { const e = new DOMException('m', 'AbortError'); return [e.name, e.message, e.code, e instanceof Error, typeof e.stack, String(e)] })()
    (() => { const e = new DOMException(); return [e.name, e.message, e.code] })()
    (() => { const e = new DOMException(undefined, undefined); return [e.name, e.message, e.code] })()
    new DOMException('m', 'NoSuchName').code
    ['IndexSizeError', 'NotFoundError', 'SyntaxError', 'InvalidStateError', 'DataCloneError', 'TimeoutError', 'URLMismatchError', 'EncodingError'].map((name) => new DOMException('', name).code)
    [DOMException.ABORT_ERR, DOMException.DATA_CLONE_ERR, DOMException.INDEX_SIZE_ERR, DOMException.NO_MODIFICATION_ALLOWED_ERR, DOMException.INUSE_ATTRIBUTE_ERR, DOMException.URL_MISMATCH_ERR, DOMException.DOMSTRING_SIZE_ERR, DOMException.INVALID_NODE_TYPE_ERR]
    Object.keys(DOMException).filter((name) => name.endsWith('_ERR')).sort()
    Object.keys(DOMException.prototype).filter((name) => name.endsWith('_ERR')).length
    new DOMException('m', { name: 'N', cause: 5 }).cause
    'cause' in new DOMException('m', { name: 'N' })
    DOMException('m')
    Object.prototype.toString.call(new DOMException())
    Object.getPrototypeOf(DOMException.prototype) === Error.prototype
    DOMException.prototype.name
    new DOMException(null, null).message
  `,
  ),
  {
    api: 'crypto.subtle.digest',
    subject: `async (hash, text) => crypto.subtle.digest(hash, new TextEncoder().encode(text))`,
    cases: hashes.flatMap((hash) => texts.map((text) => [hash, text])),
  },
  {
    api: 'crypto.subtle, HMAC',
    subject: `async (hash, secret, text) => {
      const bytes = (value) => new TextEncoder().encode(value);
      const key = await crypto.subtle.importKey('raw', bytes(secret), { name: 'HMAC', hash }, false, ['sign', 'verify']);
      const signature = await crypto.subtle.sign('HMAC', key, bytes(text));
      const altered = new Uint8Array(signature).map((byte, index) => index === 0 ? byte ^ 1 : byte);
      return [
        signature, await crypto.subtle.verify('HMAC', key, signature, bytes(text)), await crypto.subtle.verify('HMAC', key, altered, bytes(text)),
        await crypto.subtle.verify('HMAC', key, signature.slice(1), bytes(text)), key.type, key.extractable, key.usages, key.algorithm,
      ];
    }`,
    cases: hashes.flatMap((hash) =>
      ['k', 'x'.repeat(200), ''].flatMap((secret) => texts.slice(0, 3).map((text) => [hash, secret, text])),
    ),
  },
  expressions(
    'crypto, behaviour',
    `
    /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID())
    crypto.randomUUID() === crypto.randomUUID()
    (() => { const a = new Uint32Array(8); return [crypto.getRandomValues(a) === a, a.some((n) => n > 0)] })()
    crypto.getRandomValues(new Uint8Array(65536)).length
    crypto.getRandomValues(new Uint8Array(65537))
    crypto.getRandomValues(new Float32Array(1))
    crypto.getRandomValues(new DataView(new ArrayBuffer(1)))
    crypto.getRandomValues([1])
    crypto.getRandomValues(new Uint8Array(0)).length
    crypto.getRandomValues(new BigUint64Array(2)).length
    crypto.getRandomValues()
    crypto.subtle.digest({ name: 'sha-1' }, new ArrayBuffer(0))
    crypto.subtle.digest('SHA-256', new DataView(new Uint8Array([1, 2, 3]).buffer, 1, 1))
    crypto.subtle.digest('SHA-256', 'text')
    crypto.subtle.digest('SHA-256')
    crypto.subtle.importKey('raw', new Uint8Array(1), { name: 'HMAC', hash: 'SHA-256' }, true, ['sign']).then((key) => crypto.subtle.exportKey('raw', key))
    crypto.subtle.importKey('raw', new Uint8Array(1), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']).then((key) => crypto.subtle.exportKey('raw', key))
    crypto.subtle.importKey('raw', new Uint8Array(1), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']).then((key) => crypto.subtle.verify('HMAC', key, new Uint8Array(32), new Uint8Array()))
    crypto.subtle.importKey('raw', new Uint8Array(1), { name: 'HMAC', hash: 'SHA-256' }, false, [])
    crypto.subtle.importKey('raw', new Uint8Array(1), { name: 'HMAC', hash: 'SHA-256' }, false, ['encrypt'])
    crypto.subtle.importKey('raw', new Uint8Array(1), { name: 'HMAC' }, false, ['sign'])
    crypto.subtle.importKey('raw', new Uint8Array(1), { name: 'HMAC', hash: { name: 'SHA-512' } }, false, ['verify']).then((key) => [key.algorithm, key.usages])
    crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, true, ['sign']).then(async (key) => [key.algorithm, (await crypto.subtle.exportKey('raw', key)).byteLength])
    crypto.subtle.sign('HMAC', {}, new Uint8Array())
    new CryptoKey()
    new SubtleCrypto()
    Object.prototype.toString.call(crypto) + Object.prototype.toString.call(crypto.subtle)
    crypto.subtle.digest('SHA-256', new Uint8Array()) instanceof Promise
  `,
    {
      'crypto.getRandomValues([1])': 'Node has TypeMismatchError; an array is no view, which Web IDL makes a TypeError',
    },
  ),
  expressions(
    'timers, queueMicrotask, performance',
    `
    new Promise((resolve) => setTimeout((...args) => resolve(args), 1, 'a', 2))
    new Promise((resolve) => { const order = []; setTimeout(() => { order.push('timer'); resolve(order) }, 0); queueMicrotask(() => order.push('microtask')); Promise.resolve().then(() => order.push('promise')); order.push('now') })
    new Promise((resolve) => { let n = 0; const id = setInterval(() => { if (++n === 3) { clearInterval(id); resolve(n) } }, 1) })
    new Promise((resolve) => { const id = setTimeout(() => resolve('fired'), 1); clearTimeout(id); setTimeout(() => resolve('cleared'), 20) })
    clearTimeout(undefined)
    clearTimeout('nonsense')
    queueMicrotask()
    queueMicrotask('code')
    new Promise((resolve) => setTimeout(resolve, undefined, 'no delay'))
    new Promise((resolve) => setTimeout(resolve, -5, 'negative'))
    new Promise((resolve) => setTimeout(resolve, 'x', 'no number'))
    (() => { const before = performance.now(); return [typeof before, performance.now() >= before, performance.timeOrigin > 1e12] })()
  `,
  ),
];
