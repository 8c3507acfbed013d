import Airtable from 'airtable';
export default async ({ url }) => {
  const base = new Airtable({ apiKey: 'k', endpointUrl: url }).base('app1');
  const records = await base('Table').select({ maxRecords: 2 }).firstPage();
  return records.map(({ id, fields }) => [id, fields]);
};
