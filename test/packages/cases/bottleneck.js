import Bottleneck from 'bottleneck';
export default async () => {
  const limiter = new Bottleneck({ maxConcurrent: 1, minTime: 1 });
  return Promise.all([1, 2].map((n) => limiter.schedule(async () => n)));
};
