import { GraphQLClient, gql } from 'graphql-request';
export default async ({ url }) => {
  const client = new GraphQLClient(`${url}/graphql`, { headers: { authorization: 'Bearer t' } });
  return client.request(gql`query Q($id: ID!) { item(id: $id) { id } }`, { id: '1' });
};
