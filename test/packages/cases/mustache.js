import Mustache from 'mustache';
export default () => Mustache.render('{{#rows}}{{.}},{{/rows}}{{{raw}}}', { rows: [1, 2], raw: '<' });
