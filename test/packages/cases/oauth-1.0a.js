import crypto from 'node:crypto';
import OAuth from 'oauth-1.0a';
export default () => {
  const oauth = OAuth({
    consumer: { key: 'k', secret: 's' },
    signature_method: 'HMAC-SHA256',
    hash_function: (text, key) => crypto.createHmac('sha256', key).update(text).digest('base64'),
  });
  oauth.getNonce = () => 'n';
  oauth.getTimeStamp = () => 1;
  return oauth.toHeader(
    oauth.authorize({ url: 'https://a.test/b?c=d', method: 'POST', data: { e: 'ä' } }, { key: 't', secret: 'u' }),
  );
};
