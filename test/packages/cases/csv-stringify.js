import { stringify } from 'csv-stringify/sync';
export default () => stringify([{ a: 1, b: 'x,y' }], { header: true });
