/**
 * `npm run hostile`: runs every hostile program against a real server and prints a table of results. `--abuse 5000` runs
 * 5,000 in random order instead, eight at a time, and prints the server's memory after every 500; garbage makes it vary.
 *
 * Then makes the attacks with data, one by one. `--only data` makes only these, `--only code` runs only the programs.
 * `--attack` selects attacks by a part of their name, or by subject.
 */
import { parseArgs } from 'node:util';
import { Arena, codeOf, isExpected, nameOf, type ProgramResult, TIMEOUT_MS } from './arena.ts';
import { reportData } from './data/report.ts';
import { families, type Program, programs } from './programs.ts';

const { values } = parseArgs({
  options: { abuse: { type: 'string' }, only: { type: 'string' }, attack: { type: 'string' } },
});
const LATE_MS = 1_000;
const EVERY = 500;
const SIDE_BY_SIDE = 8;
const COPIES = 4;

const ms = (value: number): string => `${Math.round(value)} ms`;
const most = (numbers: readonly number[]): number => Math.max(0, ...numbers);
const print = (text: string): boolean => process.stdout.write(`${text}\n`);

/** A line of the table. */
function summary(name: string, all: readonly (ProgramResult & { contained: boolean })[]): string[] {
  return [
    name,
    String(all.length),
    String(all.filter(({ contained }) => contained).length),
    ms(most(all.map(({ lateMs }) => lateMs))),
    ms(most(all.map(({ nextMs }) => nextMs))),
    `${all.flatMap(({ lost }) => lost).length} of ${all.reduce((sum, { neighbours }) => sum + neighbours, 0)}`,
    ms(most(all.map(({ neighbourLateMs }) => neighbourLateMs))),
    ms(most(all.map(({ slowestHealthMs }) => slowestHealthMs))),
  ];
}
const HEADS = [
  'family',
  'programs',
  'contained',
  'slowest reply over limit',
  'slowest next call',
  'neighbour calls lost',
  'slowest neighbour over its wait',
  'slowest /healthz',
];

function table(lines: readonly (readonly string[])[]): string {
  const widths = HEADS.map((head, column) =>
    most([head, ...lines.map((line) => line[column] ?? '')].map((c) => c.length)),
  );
  const format = (line: readonly string[]): string =>
    `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [format(HEADS), format(widths.map((width) => '-'.repeat(width))), ...lines.map(format)].join('\n');
}

async function eachOnce(arena: Arena): Promise<void> {
  const all: (ProgramResult & { contained: boolean; program: Program })[] = [];
  const resultOf = arena.runSideBySide(programs);
  for (const program of programs) {
    const result = await resultOf(program);
    const { reply, lateMs, next, lost, unhealthy } = result;
    const contained =
      isExpected(program, reply) && lateMs < LATE_MS && next.body === 'served' && lost.length === 0 && unhealthy === 0;
    all.push({ ...result, contained, program });
    if (!contained) {
      const got = `${reply.status} ${reply.text.slice(0, 200)}, ${ms(lateMs)} late, next ${next.status}`;
      print(`not contained: ${program.family}, ${program.name}: ${got}, ${lost.length} lost ${lost[0] ?? ''}`);
    }
  }
  const lines = families.map((family) =>
    summary(
      family,
      all.filter(({ program }) => program.family === family),
    ),
  );
  print(table([...lines, summary('all', all)]));
}

/** Programs share integrations here, which others may have broken: any answer in time will do. */
async function abuse(arena: Arena, times: number): Promise<void> {
  const counts = { expected: 0, otherwise: 0, retryLater: 0, late: 0 };
  const residentMb: number[] = [];
  let started = 0;
  let done = 0;
  const runSequentially = async (copy: number): Promise<void> => {
    const integrationId = await arena.installStrict(copy);
    while (started++ < times) {
      const program = programs[Math.floor(Math.random() * programs.length)] as Program;
      const startedAt = performance.now();
      const reply = await arena.call(integrationId, nameOf(program));
      if (performance.now() - startedAt > TIMEOUT_MS + LATE_MS || reply.status === 500) {
        counts.late++;
        print(`not contained: ${program.name}: ${codeOf(reply)} after ${ms(performance.now() - startedAt)}`);
      } else if (isExpected(program, reply)) counts.expected++;
      else if (reply.status === 503) counts.retryLater++;
      else counts.otherwise++;
      done++;
      if (done % EVERY === 0) residentMb.push(Math.round((await arena.traces()).residentMb));
    }
  };
  const { lost, neighbours, slowestHealthMs, unhealthy } = await arena.amongNeighbours(async () => {
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, (_, i) => runSequentially(i % COPIES)));
  });
  print(
    `${times} runs: ${counts.expected} as expected, ${counts.otherwise} otherwise, ${counts.retryLater} refused with 503, ${counts.late} late`,
  );
  print(
    `neighbour calls lost: ${lost.length} of ${neighbours} ${lost[0] ?? ''}; /healthz failed ${unhealthy} times, slowest ${ms(slowestHealthMs)}`,
  );
  print(`memory after each ${EVERY}: ${residentMb.join(', ')} MiB; ${(await arena.traces()).processes} processes`);
}

async function reportCode(): Promise<void> {
  const arena = await Arena.open(values.abuse === undefined ? 1 : COPIES);
  try {
    if (values.abuse === undefined) await eachOnce(arena);
    else await abuse(arena, Number(values.abuse));
  } finally {
    await arena.close();
  }
}

if (values.only !== 'data') await reportCode();
if (values.only !== 'code' && values.abuse === undefined) {
  const uncontained = await reportData(values.attack);
  if (uncontained > 0) process.exitCode = 1;
}
