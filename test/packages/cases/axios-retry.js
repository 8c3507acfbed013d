import axios from 'axios';
import axiosRetry from 'axios-retry';
export default async ({ url }) => {
  const client = axios.create({ baseURL: url });
  axiosRetry(client, { retries: 3, retryDelay: () => 1 });
  return (await client.get('/flaky')).data;
};
