import Handlebars from 'handlebars';
export default () =>
  Handlebars.compile('{{#each rows}}{{name}}:{{../x}};{{/each}}')({ rows: [{ name: 'a<' }, { name: 'b' }], x: 1 });
