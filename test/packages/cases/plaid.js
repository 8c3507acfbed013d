import { Configuration, PlaidApi } from 'plaid';
export default async ({ url }) => {
  const client = new PlaidApi(
    new Configuration({ basePath: url, baseOptions: { headers: { 'PLAID-CLIENT-ID': 'i', 'PLAID-SECRET': 's' } } }),
  );
  const { data } = await client.categoriesGet({});
  return data;
};
