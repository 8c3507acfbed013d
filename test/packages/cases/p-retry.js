import pRetry from 'p-retry';
export default () => {
  let tries = 0;
  return pRetry(
    async () => {
      if (++tries < 3) throw new Error('again');
      return tries;
    },
    { minTimeout: 1 },
  );
};
