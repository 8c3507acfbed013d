import { jwtVerify, SignJWT } from 'jose';
export default async () => {
  const key = new TextEncoder().encode('a secret of thirty-two characters');
  const token = await new SignJWT({ a: 1 }).setProtectedHeader({ alg: 'HS256' }).setIssuedAt(1).sign(key);
  return [token, (await jwtVerify(token, key)).payload];
};
