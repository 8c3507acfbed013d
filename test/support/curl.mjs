#!/usr/bin/env node
// Stands in for curl on a machine that has none: the options that the documents use, and no others.
import { readFileSync } from 'node:fs';

const headers = {};
let method = 'GET';
let url = '';
let body;
for (let args = process.argv.slice(2); args.length > 0; ) {
  const option = args.shift();
  if (option === '-X') method = args.shift();
  else if (option === '-d') body = args.shift();
  else if (option === '--data-binary') body = readFileSync(args.shift().slice(1));
  else if (option === '-H') {
    const [, name, value] = /^([^:]+): *(.*)$/.exec(args.shift());
    headers[name] = value;
  } else if (!option.startsWith('-')) url = option;
}
const [, from, to] = /^(.+:\d+):(.+:\d+)$/.exec(process.env.CONNECT_TO ?? '') ?? [];
const response = await fetch(from ? url.replace(from, to) : url, { method, headers, ...(body ? { body } : {}) });
for await (const piece of response.body ?? []) process.stdout.write(piece);
