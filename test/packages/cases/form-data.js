import FormData from 'form-data';
export default async ({ url }) => {
  const form = new FormData();
  form.append('a', 'b');
  form.append('file', Buffer.from('xyz'), { filename: 'f.bin' });
  const length = await new Promise((resolve, reject) =>
    form.getLength((error, bytes) => (error ? reject(error) : resolve(bytes))),
  );
  const status = await new Promise((resolve, reject) =>
    form.submit(`${url}/echo`, (error, response) => {
      if (error) return reject(error);
      response.resume();
      resolve(response.statusCode);
    }),
  );
  return [length, form.getHeaders()['content-type'].replace(/boundary=.*/, ''), status];
};
