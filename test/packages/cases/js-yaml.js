import * as yaml from 'js-yaml';
export default () => [yaml.load('a: [1, 2]\nb: ä\n'), yaml.dump({ a: { b: [1] } })];
