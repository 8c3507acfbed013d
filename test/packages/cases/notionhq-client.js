import { Client } from '@notionhq/client';
export default async ({ url }) => {
  const notion = new Client({ auth: 't', baseUrl: url });
  const user = await notion.users.retrieve({ user_id: 'u1' });
  return user.id;
};
