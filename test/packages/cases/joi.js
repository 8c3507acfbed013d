import Joi from 'joi';
export default () => {
  const { error, value } = Joi.object({ a: Joi.number().min(1), e: Joi.string().email() }).validate(
    { a: '0', e: 'x' },
    { abortEarly: false },
  );
  return [error.message, value];
};
