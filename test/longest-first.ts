/** Starts the longest files first, so that no worker waits for one of them at the end. Vitest starts the largest first. */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const LONGEST =
  /hostile\/data\/data|hostile\/hostile|crash\/crash|sandbox-contract|test\/(?:nodes|documentation|process)\.test|embed\.test|dashboard\/(?:pages|form-browser)|cli\/(?:copy|author)|api\/(?:approvals|lifecycle)|connector\/catalog|forged-frames/;

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification): boolean => LONGEST.test(moduleId);
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}
