import debug from 'debug';
export default () => {
  const lines = [];
  const log = debug('a:b');
  log.log = (...args) => lines.push(String(args[0]).includes('hi'));
  log('no');
  debug.enable('a:*');
  log('hi %s', 'x');
  return [lines, debug.enabled('a:c')];
};
