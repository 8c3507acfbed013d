import xml2js from 'xml2js';
export default async () => [
  await xml2js.parseStringPromise('<a b="1"><c>ä</c><c/></a>'),
  new xml2js.Builder({ headless: true }).buildObject({ a: { $: { b: 1 }, c: ['d'] } }),
];
