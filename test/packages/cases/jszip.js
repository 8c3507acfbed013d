import JSZip from 'jszip';
export default async () => {
  const zip = new JSZip();
  zip.file('a/ä.txt', 'hello', { date: new Date(0) });
  const bytes = await zip.generateAsync({ type: 'uint8array', compression: 'DEFLATE' });
  const read = await JSZip.loadAsync(bytes);
  return [
    bytes.length,
    await read.file('a/ä.txt').async('string'),
    (await zip.generateAsync({ type: 'nodebuffer' })).length,
  ];
};
