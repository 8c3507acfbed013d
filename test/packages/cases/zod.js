import { z } from 'zod';
export default () => {
  const result = z.object({ a: z.number(), e: z.string() }).safeParse({ a: 'x' });
  return [result.success, result.error.issues.map(({ path, code }) => [path, code])];
};
