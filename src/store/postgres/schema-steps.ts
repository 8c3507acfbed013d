/** The SQL of the schema's migration steps. Never change a released one. */

/**
 * Where a table belongs to integrations, its key begins with the integration, so that a distributed PostgreSQL can
 * shard by it. Ids, keys and timestamps compare by bytes (`COLLATE "C"`), as in JavaScript. JSON is `text`, because
 * `jsonb` does not preserve every byte.
 */
export const documents = `
  CREATE SEQUENCE bulkhead.revisions;
  CREATE TABLE bulkhead.integrations (
    integration text COLLATE "C" PRIMARY KEY,
    created text COLLATE "C" NOT NULL,
    -- Commits of the document.
    revision bigint NOT NULL,
    -- Chosen by the writer of the last commit, who may not have had its answer.
    commit_id uuid NOT NULL,
    -- Writes of the integration's own fields.
    own_revision bigint NOT NULL,
    state_writes bigint NOT NULL,
    bytes bigint NOT NULL,
    -- The node that updates it.
    locked_by text COLLATE "C",
    text text NOT NULL
  );
  CREATE INDEX integrations_by_lock ON bulkhead.integrations (locked_by) WHERE locked_by IS NOT NULL;
  CREATE INDEX integrations_by_age ON bulkhead.integrations (created, integration);
  -- Settings, records and state keys.
  CREATE TABLE bulkhead.parts (
    integration text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    -- The order in which they came.
    position bigint GENERATED ALWAYS AS IDENTITY,
    -- Of records only.
    created text COLLATE "C",
    revision bigint NOT NULL,
    -- The document's revision when the part was last written.
    written_at bigint NOT NULL,
    bytes bigint NOT NULL,
    text text NOT NULL,
    -- Head and references of a record whose text is too long to parse for them.
    facts text,
    PRIMARY KEY (integration, kind, key)
  );
  CREATE INDEX parts_by_age ON bulkhead.parts (kind, created, key) WHERE created IS NOT NULL;
  CREATE INDEX parts_by_key ON bulkhead.parts (key) WHERE created IS NOT NULL;
`;

export const others = `
  CREATE TABLE bulkhead.ended_runs (
    integration text COLLATE "C" NOT NULL,
    newest text COLLATE "C" NOT NULL,
    -- Joined by commas, oldest first.
    ids text COLLATE "C" NOT NULL,
    records text NOT NULL,
    PRIMARY KEY (integration, newest)
  );
  CREATE TABLE bulkhead.running_runs (
    integration text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    node text COLLATE "C" NOT NULL,
    record text NOT NULL,
    PRIMARY KEY (integration, id)
  );
  CREATE INDEX running_runs_by_id ON bulkhead.running_runs (id);
  CREATE INDEX running_runs_by_node ON bulkhead.running_runs (node);
  CREATE TABLE bulkhead.idempotency_keys (
    key text COLLATE "C" PRIMARY KEY,
    node text COLLATE "C" NOT NULL,
    request text NOT NULL,
    creation text NOT NULL,
    at bigint NOT NULL,
    -- The reply, once the request is finished.
    status integer,
    headers text,
    body text,
    bytes bigint NOT NULL DEFAULT 0
  );
  CREATE INDEX idempotency_keys_by_age ON bulkhead.idempotency_keys (at);
  CREATE TABLE bulkhead.nodes (
    name text COLLATE "C" PRIMARY KEY,
    seen timestamptz NOT NULL,
    -- Somebody there follows the events of all nodes.
    follows boolean NOT NULL DEFAULT false
  );
  CREATE TABLE bulkhead.events (
    node text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    integration text COLLATE "C",
    name text NOT NULL,
    data text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (node, number)
  );
  CREATE TABLE bulkhead.permissions (
    id text COLLATE "C" PRIMARY KEY,
    record text NOT NULL,
    revision bigint NOT NULL DEFAULT nextval('bulkhead.revisions')
  );
  CREATE TABLE bulkhead.folder_entries (
    entry text COLLATE "C" PRIMARY KEY,
    -- Null for an entry that was removed.
    hash text,
    content bytea,
    revision bigint NOT NULL
  );
  ALTER TABLE bulkhead.folder_entries ALTER COLUMN content SET STORAGE EXTERNAL;
  CREATE TABLE bulkhead.bundles (
    connector text COLLATE "C" NOT NULL,
    digest text COLLATE "C" NOT NULL,
    position bigint GENERATED ALWAYS AS IDENTITY,
    tarball bytea NOT NULL,
    PRIMARY KEY (connector, digest)
  );
  -- Tarballs are compressed already, and are read in slices.
  ALTER TABLE bulkhead.bundles ALTER COLUMN tarball SET STORAGE EXTERNAL;
  CREATE TABLE bulkhead.settings (name text COLLATE "C" PRIMARY KEY, value text NOT NULL);
`;

export const tokensAndAudit = `
  CREATE TABLE bulkhead.access_tokens (
    id text COLLATE "C" PRIMARY KEY,
    hash text COLLATE "C" NOT NULL UNIQUE,
    created text COLLATE "C" NOT NULL,
    record text NOT NULL,
    revision bigint NOT NULL,
    -- Milliseconds since 1970, as the time of the last use.
    expires_at bigint,
    last_used_at bigint
  );
  CREATE INDEX access_tokens_by_age ON bulkhead.access_tokens (created, id);
  CREATE INDEX access_tokens_by_expiry ON bulkhead.access_tokens (expires_at) WHERE expires_at IS NOT NULL;
  CREATE TABLE bulkhead.audit (
    -- Empty for what belongs to none.
    integration text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    time text COLLATE "C" NOT NULL,
    -- The connector that wrote it; empty for people.
    writer text COLLATE "C" NOT NULL,
    resource text COLLATE "C",
    entry text NOT NULL,
    PRIMARY KEY (integration, id)
  );
  CREATE INDEX audit_by_time ON bulkhead.audit (time, id);
  CREATE INDEX audit_by_resource ON bulkhead.audit (resource, time, id);
  CREATE INDEX audit_by_writer ON bulkhead.audit (writer, time, id);
`;

export const cancellations = `
  -- A node has asked the run's own one to end it.
  ALTER TABLE bulkhead.running_runs ADD COLUMN is_cancelled boolean NOT NULL DEFAULT false;
`;

export const oauthClients = `
  CREATE TABLE bulkhead.oauth_clients (id text COLLATE "C" PRIMARY KEY, record text NOT NULL);
`;

export const jobs = `
  CREATE TABLE bulkhead.flow_jobs (
    integration text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    flow text COLLATE "C" NOT NULL,
    type text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    created text COLLATE "C" NOT NULL,
    -- When the flow's schedule was due.
    scheduled text COLLATE "C",
    -- The node that runs it. Without one, a job that has not ended waits in the queue.
    node text COLLATE "C",
    -- Its place in the queue: integrations take turns.
    turn integer NOT NULL,
    -- Failed ones.
    attempts integer NOT NULL DEFAULT 0,
    is_cancelled boolean NOT NULL DEFAULT false,
    record text NOT NULL,
    PRIMARY KEY (integration, id)
  );
  CREATE UNIQUE INDEX flow_jobs_active ON bulkhead.flow_jobs (integration, flow)
    WHERE status IN ('queued', 'running', 'retrying', 'canceling');
  CREATE UNIQUE INDEX flow_jobs_by_schedule ON bulkhead.flow_jobs (integration, flow, scheduled)
    WHERE scheduled IS NOT NULL;
  CREATE INDEX flow_jobs_by_node ON bulkhead.flow_jobs (node, turn)
    WHERE status IN ('queued', 'running', 'retrying', 'canceling');
  CREATE INDEX flow_jobs_by_id ON bulkhead.flow_jobs (id);
  CREATE INDEX flow_jobs_by_age ON bulkhead.flow_jobs (created, id);
  CREATE INDEX flow_jobs_by_integration ON bulkhead.flow_jobs (integration, created, id);
  CREATE INDEX flow_jobs_by_flow ON bulkhead.flow_jobs (flow, created, id);
  CREATE TABLE bulkhead.flow_schedules (
    integration text COLLATE "C" NOT NULL,
    flow text COLLATE "C" NOT NULL,
    last text COLLATE "C" NOT NULL,
    PRIMARY KEY (integration, flow)
  );
  CREATE INDEX flow_schedules_by_flow ON bulkhead.flow_schedules (flow);
  CREATE TABLE bulkhead.job_errors (
    integration text COLLATE "C" NOT NULL,
    job text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    page integer NOT NULL,
    is_resolved boolean NOT NULL,
    error text NOT NULL,
    data text,
    PRIMARY KEY (integration, job, id)
  );
  CREATE INDEX job_errors_by_job ON bulkhead.job_errors (job, id);
  CREATE TABLE bulkhead.received_messages (
    integration text COLLATE "C" NOT NULL,
    export text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    -- The order in which an export's messages became visible.
    position bigint NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (integration, export, id)
  );
  CREATE INDEX received_messages_by_position ON bulkhead.received_messages (export, position);
  CREATE INDEX received_messages_by_id ON bulkhead.received_messages (id);
  -- Its row lock makes the positions of an export visible in their order.
  CREATE TABLE bulkhead.received_positions (
    integration text COLLATE "C" NOT NULL,
    export text COLLATE "C" NOT NULL,
    last bigint NOT NULL,
    PRIMARY KEY (integration, export)
  );
`;
