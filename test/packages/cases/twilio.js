import twilio from 'twilio';
export default async ({ url }) => {
  const signature = twilio.validateRequest('token', 'x', 'https://a.test', { a: '1' });
  const response = new twilio.twiml.VoiceResponse();
  response.say('Grüße');
  const { default: Client } = twilio.RequestClient ? { default: twilio.RequestClient } : {};
  const reply = await new Client().request({
    method: 'post',
    uri: `${url}/echo`,
    username: 'u',
    password: 'p',
    data: { Body: 'hi' },
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
  });
  return [signature, response.toString(), reply.statusCode];
};
