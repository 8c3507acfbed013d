import { marked } from 'marked';
export default () => marked.parse('# A\n\n* b `c`');
