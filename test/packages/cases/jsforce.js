import jsforce from 'jsforce';
export default async ({ url }) => {
  const connection = new jsforce.Connection({ instanceUrl: url, accessToken: 't', version: '60.0' });
  const { records } = await connection.query('SELECT Id FROM Account');
  const created = await connection.sobject('Account').create({ Name: 'A' });
  return [records.map(({ Id }) => Id), created];
};
