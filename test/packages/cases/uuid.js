import { v4, v5, validate } from 'uuid';
export default () => [v5('a', v5.DNS), validate(v4()), v4().length];
