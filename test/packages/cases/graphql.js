import { buildSchema, graphql } from 'graphql';
export default async () =>
  JSON.parse(
    JSON.stringify(
      await graphql({ schema: buildSchema('type Query { a: Int }'), source: '{ a }', rootValue: { a: 1 } }),
    ),
  );
