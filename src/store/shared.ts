/** What nodes share besides data. Engines for a single node have none of it. */

/** `reset`: events before it are missing. */
export interface SharedEvent {
  readonly name: string;
  readonly integrationId: string | undefined;
  /** JSON of an object. */
  readonly data: string;
}

/** Passes events between nodes. Not durable: a follower that misses events gets a `reset` and reads again. */
export interface SharedEvents {
  /** Whether another node has followers. Otherwise there is no need to publish. */
  readonly hasRemoteFollowers: boolean;
  publish(event: SharedEvent): void;
  /** Takes the events of other nodes while `follow(true)`. */
  subscribe(listener: (event: SharedEvent) => void): void;
  follow(isFollowing: boolean): void;
}

/** The bundles in the connectors folder, of which every node has a copy. */
export interface SharedFolder {
  /** `hash` is undefined for an entry that was removed. */
  list(): Promise<{ readonly entry: string; readonly hash: string | undefined }[]>;
  /** Undefined if the entry's hash has changed. */
  read(entry: string, hash: string): Promise<Buffer | undefined>;
  /** Durable when it resolves. */
  write(entry: string, hash: string, content: Buffer): Promise<void>;
  /** Durable when it resolves. */
  remove(entry: string): Promise<void>;
  /** @param onChange called when any node has changed something */
  subscribe(onChange: () => void): void;
}

/** Asks another node to end its run. */
export interface SharedCancellations {
  /** Durable when it resolves; the run ends soon after, unless it has ended. @throws StoreError */
  request(integrationId: string, runId: string): Promise<void>;
  /** @param onRequest called for runs of this node, maybe again for the same run */
  subscribe(onRequest: (integrationId: string, runId: string) => void): void;
}
