import { Engine } from 'json-rules-engine';
export default async () => {
  const engine = new Engine();
  engine.addRule({ conditions: { all: [{ fact: 'n', operator: 'greaterThan', value: 1 }] }, event: { type: 'big' } });
  const { events } = await engine.run({ n: 2 });
  return events.map(({ type }) => type);
};
