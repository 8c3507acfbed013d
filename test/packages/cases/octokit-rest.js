import { Octokit } from '@octokit/rest';
export default async ({ url }) => {
  const octokit = new Octokit({ auth: 't', baseUrl: `${url}/github` });
  const { data } = await octokit.rest.issues.create({ owner: 'o', repo: 'r', title: 't' });
  const failed = await octokit.request('GET /missing').catch(({ status }) => status);
  return [data.number, failed];
};
