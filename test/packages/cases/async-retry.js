import retry from 'async-retry';
export default () => {
  let tries = 0;
  return retry(
    async () => {
      if (++tries < 3) throw new Error('again');
      return tries;
    },
    { minTimeout: 1 },
  );
};
