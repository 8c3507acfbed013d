import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client/core';
export default async ({ url }) => {
  const client = new ApolloClient({ link: new HttpLink({ uri: `${url}/graphql` }), cache: new InMemoryCache() });
  const { data } = await client.query({ query: gql`query Q { item(id: 1) { id } }` });
  return data;
};
