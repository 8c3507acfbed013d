import { Writable } from 'node:stream';
import winston from 'winston';
export default async () => {
  const lines = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const logger = winston.createLogger({
    level: 'info',
    format: winston.format.json(),
    transports: [new winston.transports.Stream({ stream }), new winston.transports.Console({ silent: true })],
  });
  logger.info('hi', { a: 1 });
  logger.debug('no');
  await new Promise((resolve) => setTimeout(resolve, 5));
  return lines;
};
