import { XMLBuilder, XMLParser } from 'fast-xml-parser';
export default () => [
  new XMLParser({ ignoreAttributes: false }).parse('<a b="1"><c>2</c></a>'),
  new XMLBuilder().build({ a: { b: [1, 2] } }),
];
