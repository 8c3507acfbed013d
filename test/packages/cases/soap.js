import { createClientAsync } from 'soap';
export default async ({ url }) => {
  const client = await createClientAsync(`${url}/service?wsdl`);
  client.setSecurity(undefined);
  const [result] = await client.AddAsync({ a: 1, b: 2 });
  return result;
};
