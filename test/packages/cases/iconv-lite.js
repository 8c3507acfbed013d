import iconv from 'iconv-lite';
export default () => [
  iconv.decode(Buffer.from([0xe4, 0x80]), 'win1252'),
  iconv.encode('ä€', 'win1252').toString('hex'),
  iconv.encode('日本', 'Shift_JIS').toString('hex'),
  iconv.encodingExists('nonsense'),
];
