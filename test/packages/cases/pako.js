import { deflate, gzip, inflate, ungzip } from 'pako';
export default () => [inflate(deflate('hällo'), { to: 'string' }).length, ungzip(gzip('a')).length];
