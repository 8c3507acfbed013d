import FormData from 'form-data';
import Mailgun from 'mailgun.js';
export default async ({ url }) => {
  const client = new Mailgun(FormData).client({ username: 'api', key: 'k', url });
  const reply = await client.messages.create('a.test', { from: 'a@b.c', to: 'd@e.f', subject: 's', text: 't' });
  return reply.id;
};
