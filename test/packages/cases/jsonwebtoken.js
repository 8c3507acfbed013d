import jwt from 'jsonwebtoken';
export default () => {
  const token = jwt.sign({ sub: 'ä', iat: 1 }, 'secret');
  const failed = (() => {
    try {
      jwt.verify(token, 'other');
    } catch (error) {
      return [error.name, error.message];
    }
  })();
  return [
    token,
    jwt.verify(token, 'secret', { ignoreExpiration: true }),
    failed,
    jwt.decode(token, { complete: true }).header,
  ];
};
