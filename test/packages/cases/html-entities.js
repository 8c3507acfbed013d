import { decode, encode } from 'html-entities';
export default () => [encode('<ä>'), decode('&lt;&auml;&euro;')];
