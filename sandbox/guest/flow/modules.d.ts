/** Handlebars without its part for Node, in one file. */
declare module 'handlebars/dist/handlebars.js' {
  import Handlebars from 'handlebars';

  export default Handlebars;
}
