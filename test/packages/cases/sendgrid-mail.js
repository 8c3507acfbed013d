import { Client } from '@sendgrid/client';
import sendgrid from '@sendgrid/mail';
export default async ({ url }) => {
  const client = new Client();
  client.setApiKey('SG.1');
  client.setDefaultRequest('baseUrl', `${url}/`);
  sendgrid.setClient(client);
  const [reply] = await sendgrid.send({ to: 'a@b.c', from: 'd@e.f', subject: 's', text: 't' });
  return reply.statusCode;
};
