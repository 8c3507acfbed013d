import Bluebird from 'bluebird';
export default async () => [
  await Bluebird.map([1, 2, 3], (n) => n * 2, { concurrency: 1 }),
  await Bluebird.delay(1, 'late'),
  await Bluebird.promisify((a, done) => done(null, a))('p'),
  await Bluebird.try(() => {
    throw new TypeError('x');
  }).catch(TypeError, (error) => error.message),
];
