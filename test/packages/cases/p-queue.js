import PQueue from 'p-queue';
export default async () => {
  const queue = new PQueue({ concurrency: 2 });
  const done = [];
  for (const n of [1, 2, 3]) queue.add(async () => done.push(n));
  await queue.onIdle();
  return done;
};
