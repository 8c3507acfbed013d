/** The API description as JSON and as a page. */
import type { Operation } from '../operation.ts';

export interface DescriptionTexts {
  readonly json: string;
  readonly page: string;
  /** The page's Content-Security-Policy. */
  readonly policy: string;
}

/** Built at the first request, when the server's address is known. The builder is also loaded only then. */
export class Description {
  readonly #version: string;
  readonly #publicUrl: () => string;
  readonly #operations: readonly Operation[];
  #cached: (DescriptionTexts & { readonly url: string }) | undefined;

  /** @param version of the product */
  constructor(version: string, publicUrl: () => string, operations: readonly Operation[]) {
    this.#version = version;
    this.#publicUrl = publicUrl;
    this.#operations = operations;
  }

  async texts(): Promise<DescriptionTexts> {
    const url = `${this.#publicUrl()}/v1`;
    if (this.#cached?.url === url) return this.#cached;
    const { describeApi } = await import('./document.ts');
    const { describePage, PAGE_POLICY } = await import('./page.ts');
    const description = describeApi(this.#operations, this.#version, url);
    this.#cached = { url, json: JSON.stringify(description), page: describePage(description), policy: PAGE_POLICY };
    return this.#cached;
  }
}
