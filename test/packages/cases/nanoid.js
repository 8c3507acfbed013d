import { customAlphabet, nanoid } from 'nanoid';
export default () => [nanoid().length, customAlphabet('a', 4)()];
