import OpenAI from 'openai';
export default async ({ url }) => {
  const client = new OpenAI({ apiKey: 'k', baseURL: `${url}/openai`, maxRetries: 0 });
  const reply = await client.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'hi' }] });
  return reply.choices[0].message.content;
};
