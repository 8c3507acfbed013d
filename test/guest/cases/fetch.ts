/** `Headers`, `Request`, `Response`, `Blob`, `File` and `FormData`. */
import type { Suite } from '../evaluate.ts';
import { expressions } from './expressions.ts';

const names = [
  'a',
  'A-b',
  'content-type',
  '',
  ' ',
  'a b',
  'ä',
  'a:b',
  'a\n',
  '(',
  '__proto__',
  'constructor',
  'x'.repeat(300),
  "!#$%&'*+-.^_`|~0",
];
const values = [
  '',
  'v',
  ' v ',
  '\tv\t',
  '\r\nv\r\n',
  'a b',
  'ä',
  '€',
  'a\nb',
  'a\u0000b',
  'a\rb',
  '\u007f',
  '\u0001',
  'a, b',
  '😀',
];

export const fetchSuites: readonly Suite[] = [
  {
    api: 'Headers, names and values',
    subject: `(name, value) => { const headers = new Headers(); headers.append(name, value); return [[...headers], headers.get(name), headers.has(name)] }`,
    cases: [...names.map((name) => [name, 'v']), ...values.map((value) => ['n', value])],
  },
  expressions(
    'Headers, behaviour',
    `
    [...new Headers()]
    [...new Headers(undefined)]
    new Headers(null)
    new Headers(5)
    new Headers('a')
    [...new Headers({ B: '1', a: '2' })]
    [...new Headers([['b', '1'], ['a', '2'], ['B', '3']])]
    new Headers([['a']])
    new Headers([['a', 'b', 'c']])
    [...new Headers(new Headers({ a: 'b' }))]
    [...new Headers(new Map([['a', 'b']]))]
    [...new Headers((function* () { yield ['a', 'b'] })())]
    (() => { const h = new Headers({ a: '1' }); h.append('A', '2'); return [h.get('a'), h.get('none'), h.has('A'), h.has('none')] })()
    (() => { const h = new Headers({ a: '1' }); h.set('A', '2'); h.delete('none'); return [...h] })()
    (() => { const h = new Headers(); h.append('Set-Cookie', 'a=1'); h.append('set-cookie', 'b=2'); return [h.getSetCookie(), h.get('set-cookie'), [...h]] })()
    (() => { const h = new Headers([['set-cookie', 'x'], ['b', '1'], ['set-cookie', 'y']]); h.delete('set-cookie'); return [...h] })()
    (() => { const h = new Headers({ c: '1', a: '2', b: '3' }); const seen = []; h.forEach((value, name, all) => seen.push(name, value, all === h)); return seen })()
    [[...new Headers({ b: '1', a: '2' }).keys()], [...new Headers({ b: '1', a: '2' }).values()], [...new Headers({ b: '1', a: '2' }).entries()]]
    (() => { const h = new Headers({ a: '1', b: '2', c: '3' }); const seen = []; for (const [name] of h) { seen.push(name); h.delete(name) } return seen })()
    Headers.prototype.entries === Headers.prototype[Symbol.iterator]
    new Headers().get()
    new Headers().append('a')
    Headers()
    Object.prototype.toString.call(new Headers())
    Object.prototype.toString.call(new Headers().keys())
    new Headers({ a: 'b' }).forEach()
    new Headers({ a: undefined }).get('a')
    new Headers({ a: 5 }).get('a')
    new Headers({ [Symbol()]: 'x' })
    Object.keys(Headers.prototype).sort()
    Response.error().headers.append('a', 'b')
  `,
  ),
  expressions(
    'Request',
    `
    (() => { const r = new Request('https://h/p?q#f'); return [r.url, r.method, r.redirect, r.body, r.bodyUsed, [...r.headers], r.signal.aborted, r.credentials, r.mode, r.cache] })()
    new Request('https://h', { method: 'post' }).method
    ['delete', 'get', 'head', 'options', 'put', 'PaTcH', 'custom'].map((method) => new Request('https://h', { method }).method)
    new Request('https://h', { method: 'TRACE' })
    new Request('https://h', { method: 'CONNECT' })
    new Request('https://h', { method: 'a b' })
    new Request('https://h', { method: '' })
    new Request('https://u:p@h/')
    new Request('https://')
    new Request()
    new Request('https://h', { body: 'x' })
    new Request('https://h', { method: 'HEAD', body: 'x' })
    new Request('https://h', { method: 'GET', body: '' })
    new Request('https://h', { method: 'GET', body: null }).body
    [...new Request('https://h', { method: 'POST', body: 'x' }).headers]
    [...new Request('https://h', { method: 'POST', body: new URLSearchParams('a=b') }).headers]
    [...new Request('https://h', { method: 'POST', body: new Uint8Array(2) }).headers]
    [...new Request('https://h', { method: 'POST', body: new Blob(['x'], { type: 'text/x' }) }).headers]
    [...new Request('https://h', { method: 'POST', body: 'x', headers: { 'Content-Type': 'a/b' } }).headers]
    new Request('https://h', { method: 'POST', body: 'xä' }).text()
    new Request('https://h', { method: 'POST', body: '{"a":[1]}' }).json()
    new Request('https://h', { method: 'POST', body: 'nonsense' }).json()
    new Request('https://h', { method: 'POST', body: new Uint8Array([1, 2]) }).arrayBuffer()
    new Request('https://h', { method: 'POST', body: new Uint16Array([1, 2]).subarray(1) }).bytes()
    new Request('https://h', { method: 'POST', body: new URLSearchParams({ a: 'b c' }) }).text()
    new Request('https://h').text()
    new Request('https://h').json()
    (async () => { const r = new Request('https://h', { method: 'POST', body: 'x' }); await r.text(); return [r.bodyUsed, await r.text()] })()
    (async () => { const r = new Request('https://h', { method: 'POST', body: 'x', headers: { a: 'b' } }); const c = r.clone(); return [await r.text(), await c.text(), c.url, c.method, c.headers.get('a')] })()
    (async () => { const r = new Request('https://h', { method: 'POST', body: 'x' }); await r.text(); return r.clone() })()
    (async () => { const r = new Request('https://h', { method: 'POST', body: 'x' }); const s = new Request(r); return [r.bodyUsed, await s.text()] })()
    (() => { const r = new Request(new Request('https://h', { headers: { a: '1' } }), { method: 'PUT', headers: { b: '2' } }); return [r.method, [...r.headers]] })()
    (() => { const c = new AbortController(); const r = new Request('https://h', { signal: c.signal }); c.abort('why'); return [r.signal === c.signal, r.signal.aborted, r.signal.reason] })()
    new Request('https://h', { signal: {} })
    new Request('https://h', { signal: null }).signal.aborted
    ['follow', 'manual', 'error'].map((redirect) => new Request('https://h', { redirect }).redirect)
    new Request('https://h', { redirect: 'never' })
    new Request('https://h', { mode: 'navigate' })
    new Request(new URL('https://h/x')).url
    new Request('HTTPS://H:443/a/../b c').url
    Object.prototype.toString.call(new Request('https://h'))
    new Request('https://h', { window: 'x' })
    new Request('https://h', { headers: { 'a b': 'c' } })
  `,
  ),
  expressions(
    'Response',
    String.raw`
    (() => { const r = new Response(); return [r.status, r.statusText, r.ok, r.body, r.bodyUsed, r.url, r.redirected, r.type, [...r.headers]] })()
    (() => { const r = new Response('x', { status: 404, statusText: 'No', headers: { a: 'b' } }); return [r.status, r.statusText, r.ok, [...r.headers]] })()
    [199, 600, 0, 1000].map((status) => { try { return new Response('', { status }).status } catch (error) { return error.name } })
    [101, 204, 205, 304].map((status) => { try { return new Response('x', { status }).status } catch (error) { return error.name } })
    new Response(null, { status: 204 }).status
    new Response('', { statusText: 'a\nb' })
    new Response('', { statusText: 'ä' }).statusText
    new Response('', { statusText: '€' })
    new Response('xä').text()
    new Response('\uFEFFx').text()
    new Response('\ud800').text()
    new Response(new Uint8Array([0xef, 0xbb, 0xbf, 0x61, 0xff])).text()
    new Response('{"a":1}').json()
    new Response('').json()
    new Response('\uFEFF[1]').json()
    new Response('ab').arrayBuffer()
    new Response('ab').bytes()
    new Response('ab', { headers: { 'content-type': 'text/X; charset=a' } }).blob().then((blob) => [blob.size, blob.type])
    new Response(null).text()
    new Response(undefined).body
    new Response(5).text()
    new Response({}).text()
    new Response([1, 2]).text()
    new Response(new Blob(['ab', new Uint8Array([99])])).text()
    new Response(new URLSearchParams('a=b')).headers.get('content-type')
    new Response(new ArrayBuffer(3)).arrayBuffer()
    (async () => { const r = new Response('x'); await r.text(); return [r.bodyUsed, await r.json()] })()
    (async () => { const r = new Response('x'); const p = r.text(); return [r.bodyUsed, await p] })()
    (async () => { const r = new Response('x', { headers: { a: 'b' }, status: 201 }); const c = r.clone(); return [await r.text(), await c.text(), c.status, c.headers.get('a')] })()
    (async () => { const r = new Response('x'); await r.text(); return r.clone() })()
    (async () => { const r = Response.json({ a: [1] }, { status: 201 }); return [r.status, r.headers.get('content-type'), await r.text()] })()
    Response.json(undefined)
    Response.json(1n)
    Response.json({}, { status: 204 })
    Response.json({}, { headers: { 'content-type': 'a/b' } }).headers.get('content-type')
    (() => { const r = Response.error(); return [r.type, r.status, r.ok, r.body, [...r.headers]] })()
    (() => { const r = Response.redirect('https://h/x y'); return [r.status, r.headers.get('location')] })()
    [301, 302, 303, 307, 308, 200, 304].map((status) => { try { return Response.redirect('https://h/', status).status } catch (error) { return error.name } })
    Response.redirect('https://')
    Object.prototype.toString.call(new Response())
    new Response('a=1&b=2', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }).formData().then((form) => [...form])
    new Response('x').formData()
    (async () => { const parts = []; for await (const part of new Response('abc').body) parts.push(...part); return parts })()
    (async () => { const reader = new Response('abc').body.getReader(); const first = await reader.read(); return [first.done, [...first.value], (await reader.read()).done] })()
    (async () => { const r = new Response('abc'); r.body.getReader(); return r.text() })()
    Object.keys(Response.prototype).sort()
  `,
  ),
  expressions(
    'Blob, File and FormData',
    String.raw`
    (() => { const b = new Blob(['aä', new Uint8Array([98]), new Blob(['c'])], { type: 'Text/X' }); return [b.size, b.type] })()
    new Blob(['aä', new Uint8Array([98]), new Blob(['c'])]).text()
    new Blob(['abcdef']).slice(1, 3).text()
    new Blob(['abcdef']).slice(-2).text()
    new Blob(['abcdef']).slice(0, 2, 'a/b').type
    new Blob(['abc']).arrayBuffer()
    new Blob()
    new Blob('abc')
    new Blob([1, null, {}]).text()
    new Blob([], { type: 'ä' }).type
    (() => { const f = new File(['x'], 'n.txt', { type: 'a/b', lastModified: 5 }); return [f.name, f.size, f.type, f.lastModified, f instanceof Blob] })()
    new File(['x'])
    Object.prototype.toString.call(new Blob()) + Object.prototype.toString.call(new File([], 'x'))
    (() => { const f = new FormData(); f.append('a', '1'); f.append('a', '2'); f.append('b', 5); f.set('b', '6'); return [[...f], f.get('a'), f.getAll('a'), f.has('c'), f.get('c')] })()
    (() => { const f = new FormData(); f.append('f', new Blob(['x'])); return [f.get('f').name, f.get('f') instanceof File] })()
    (() => { const f = new FormData(); f.append('f', new Blob(['x']), 'n'); return f.get('f').name })()
    (() => { const f = new FormData(); f.append('f', 'x', 'n') })()
    (() => { const f = new FormData(); f.append('a') })()
    (() => { const f = new FormData(); f.append('a', '1'); f.delete('a'); return [...f] })()
    (async () => { const f = new FormData(); f.append('a', 'ä"\r\n'); f.append('f', new Blob(['x\r\n'], { type: 'a/b' }), 'n".txt'); const g = await new Response(f).formData(); return [g.get('a'), g.get('f').name, g.get('f').type, await g.get('f').text()] })()
    (async () => { const f = new FormData(); f.append('a', '1'); return /^multipart\/form-data; boundary=\S+$/.test(new Response(f).headers.get('content-type')) })()
  `,
    {
      "(() => { const b = new Blob(['aä', new Uint8Array([98]), new Blob(['c'])], { type: 'Text/X' }); return [b.size, b.type] })()":
        'fetch-blob keeps the case of a type',
    },
  ),
];
