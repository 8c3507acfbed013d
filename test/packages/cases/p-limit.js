import pLimit from 'p-limit';
export default () => {
  const limit = pLimit(1);
  return Promise.all([1, 2].map((n) => limit(async () => n * 2)));
};
