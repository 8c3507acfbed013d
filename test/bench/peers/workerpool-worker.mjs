import vm from 'node:vm';
import workerpool from 'workerpool';

const call = vm.runInThisContext(
  '(() => { const exports = {}; exports.echo = (options) => options; return (text) => JSON.stringify(exports.echo(JSON.parse(text))); })()',
);
workerpool.worker({ echo: call });
