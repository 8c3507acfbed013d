import { WebClient } from '@slack/web-api';
export default async ({ url }) => {
  const client = new WebClient('xoxb-1', { slackApiUrl: `${url}/slack/`, retryConfig: { retries: 0 } });
  const posted = await client.chat.postMessage({ channel: 'C1', text: 'hi', blocks: [] });
  return [posted.ok, posted.ts];
};
