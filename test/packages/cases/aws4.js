import aws4 from 'aws4';
export default () =>
  aws4.sign(
    {
      host: 's3.test',
      path: '/a?b=c',
      method: 'GET',
      headers: { 'X-Amz-Date': '20200101T000000Z' },
      service: 's3',
      region: 'eu',
    },
    { accessKeyId: 'k', secretAccessKey: 's' },
  ).headers;
