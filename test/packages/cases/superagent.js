import superagent from 'superagent';
export default async ({ url }) => {
  const posted = await superagent.post(`${url}/echo`).set('x-a', '1').auth('u', 'p').query({ q: 'ä' }).send({ a: 1 });
  const form = await superagent.post(`${url}/echo`).type('form').send({ b: 'c d' });
  const failed = await superagent.get(`${url}/status/404`).catch((error) => [error.status, error.message]);
  return [posted.body, form.body, failed];
};
