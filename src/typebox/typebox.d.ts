/** What `typebox.js` exports of TypeBox, and its types. */
export type * from 'typebox';
export { default } from 'typebox';
export { Compile, type Validator } from 'typebox/compile';
