import async from 'async';
export default async () => {
  const mapped = await async.mapLimit([1, 2, 3], 2, async (n) => n * 2);
  const waterfall = await new Promise((resolve, reject) =>
    async.waterfall([(next) => next(null, 1), (n, next) => setTimeout(next, 1, null, n + 1)], (error, value) =>
      error ? reject(error) : resolve(value),
    ),
  );
  const queued = await new Promise((resolve) => {
    const done = [];
    const queue = async.queue((task, next) => {
      done.push(task);
      next();
    }, 1);
    queue.push([1, 2]);
    queue.drain(() => resolve(done));
  });
  return [mapped, waterfall, queued];
};
