/** The type of a connector's function, in either style (contract 5). */
import type { Json } from '../json.ts';
import type { Callback, RunOptions } from './options.ts';
import type { Answer } from './replies.ts';

/** An answer or a promise of one. Undefined: the answer comes by callback, or is `{}`. */
// biome-ignore lint/suspicious/noConfusingVoidType: a function without a return statement is one of the styles
export type Reply<Result> = Result | Promise<Result | undefined | void> | undefined | void;

type Named = { readonly [key: string]: Json | undefined };

// Method parameters are bivariant, so functions may declare a narrower or wider body.
interface Signatures<Body, Result> {
  call(options: RunOptions<Body>, callback: Callback<Result>): Reply<Result>;
}

/** `async (options) => result`, `(options, callback) => …`, or a plain function. `this` is the section. */
export type ConnectorFunction<Result = Answer, Body = Named> = Signatures<Body, Result>['call'];
