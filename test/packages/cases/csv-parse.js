import { parse } from 'csv-parse';
import { parse as parseSync } from 'csv-parse/sync';

const text = 'a,b\n1,"x ""y"" z"\n2,ä\n';
export default async () => {
  const rows = [];
  for await (const row of parse(text, { columns: true })) rows.push(row);
  return [parseSync(text, { columns: true }), rows];
};
