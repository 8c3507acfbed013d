import { Client } from '@hubspot/api-client';
export default async ({ url }) => {
  const client = new Client({ accessToken: 't', basePath: url, numberOfApiCallRetries: 0 });
  const page = await client.crm.contacts.basicApi.getPage(1);
  return page.results.map(({ id }) => id);
};
