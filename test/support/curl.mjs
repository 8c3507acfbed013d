#!/usr/bin/env node
// Stands in for curl on a machine that has none: the options that README's tour uses, and no others.
const headers = {};
let method = 'GET';
let url = '';
let body;
for (let args = process.argv.slice(2); args.length > 0; ) {
  const option = args.shift();
  if (option === '-X') method = args.shift();
  else if (option === '-d') body = args.shift();
  else if (option === '-H') {
    const [, name, value] = /^([^:]+): *(.*)$/.exec(args.shift());
    headers[name] = value;
  } else if (!option.startsWith('-')) url = option;
}
const response = await fetch(url, { method, headers, ...(body ? { body } : {}) });
process.stdout.write(await response.text());
