import Ajv from 'ajv';
export default () => {
  const validate = new Ajv({ allErrors: true }).compile({
    type: 'object',
    properties: { a: { type: 'integer' } },
    required: ['a', 'b'],
  });
  return [validate({ a: 'x' }), validate.errors.map(({ keyword, message }) => [keyword, message])];
};
