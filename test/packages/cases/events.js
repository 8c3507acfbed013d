import { EventEmitter } from 'events';
export default () => {
  const seen = [];
  const emitter = new EventEmitter();
  emitter.once('a', (x) => seen.push(x));
  emitter.emit('a', 1);
  emitter.emit('a', 2);
  return seen;
};
