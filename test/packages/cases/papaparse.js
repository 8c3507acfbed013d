import Papa from 'papaparse';
export default () => [Papa.parse('a,b\n1,2', { header: true }).data, Papa.unparse([{ a: 1, b: 'x"y' }])];
