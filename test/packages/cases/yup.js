import * as yup from 'yup';
export default async () =>
  yup.object({ a: yup.number().required(), b: yup.string().default('d') }).validate({ a: '5' });
