/** The steps that make the tables of a lab file, oldest first. */

/**
 * Migration n, counted from 1, takes a file from schema n - 1 to n. Released ones never change; a
 * new one is added at the end, and the database of the schema before it is kept in
 * test/fixtures/store.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE study (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    plan TEXT NOT NULL,
    trials INTEGER NOT NULL CHECK (trials > 0),
    state TEXT NOT NULL CHECK (state IN ('ready', 'running', 'paused', 'stopped', 'completed')),
    priority INTEGER NOT NULL,
    problem TEXT,
    notes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    -- arriving: being imported; leaving: to be erased; aborted: to be erased with everything that came with it.
    visible TEXT NOT NULL CHECK (visible IN ('arriving', 'yes', 'leaving', 'aborted'))
  ) STRICT;

  -- Training plans and environments are shared by many runs and never change: one row per text.
  CREATE TABLE training (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE environment (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;

  -- One row per run or saved graph, apart from them: runs change with every epoch, graphs never.
  CREATE TABLE graph (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;

  CREATE TABLE rejection (
    study INTEGER NOT NULL REFERENCES study (id),
    trial INTEGER NOT NULL,
    draw INTEGER NOT NULL,
    key TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (study, trial, draw)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE rerun (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    study INTEGER REFERENCES study (id),
    trial INTEGER,
    variants TEXT NOT NULL,
    seeds TEXT NOT NULL,
    training INTEGER NOT NULL REFERENCES training (id),
    retries INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('ready', 'running', 'paused', 'stopped', 'completed')),
    priority INTEGER NOT NULL,
    problem TEXT,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    visible TEXT NOT NULL CHECK (visible IN ('yes', 'leaving'))
  ) STRICT;
  CREATE INDEX rerun_study ON rerun (study);

  CREATE TABLE run (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('trial', 'repeat', 'pretrain')),
    study INTEGER REFERENCES study (id),
    rerun INTEGER REFERENCES rerun (id),
    number INTEGER NOT NULL,
    variant TEXT NOT NULL,
    graph INTEGER NOT NULL REFERENCES graph (id),
    key TEXT NOT NULL,
    seed INTEGER NOT NULL,
    training INTEGER NOT NULL REFERENCES training (id),
    state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'completed', 'stopped', 'failed', 'out-of-memory',
      'cancelled', 'rejected', 'duplicate')),
    epoch INTEGER NOT NULL DEFAULT 0,
    accuracy REAL,
    failure TEXT,
    rejection TEXT,
    duplicate_of INTEGER REFERENCES run (id),
    attempts INTEGER NOT NULL DEFAULT 0,
    pinned INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    seconds REAL NOT NULL DEFAULT 0,
    CHECK ((kind = 'trial') <= (study IS NOT NULL)),
    CHECK ((kind = 'repeat') = (rerun IS NOT NULL)),
    CHECK ((state = 'duplicate') = (duplicate_of IS NOT NULL)),
    CHECK ((state = 'rejected') = (rejection IS NOT NULL))
  ) STRICT;
  -- Every index costs a page in each commit that adds a trial, so one index has two uses: it finds
  -- all runs of a study, and no two trials have the same number.
  CREATE UNIQUE INDEX run_study ON run (study, iif(kind = 'trial', number, -id));
  CREATE UNIQUE INDEX run_repeat ON run (rerun, variant, number) WHERE rerun IS NOT NULL;
  CREATE INDEX run_key ON run (study, key) WHERE kind = 'trial';
  CREATE INDEX run_duplicate ON run (duplicate_of) WHERE duplicate_of IS NOT NULL;

  CREATE TABLE attempt (
    run INTEGER NOT NULL REFERENCES run (id),
    number INTEGER NOT NULL,
    slot TEXT NOT NULL,
    from_epoch INTEGER NOT NULL,
    environment INTEGER REFERENCES environment (id),
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    outcome TEXT,
    PRIMARY KEY (run, number)
  ) STRICT, WITHOUT ROWID;

  -- A recorded rung value and what was decided of it; a trial belongs to one study, so (run, rung) is unique there too.
  -- A value that was not a number is null. arrival grows with every decision of the lab.
  CREATE TABLE decision (
    run INTEGER NOT NULL REFERENCES run (id),
    rung INTEGER NOT NULL,
    arrival INTEGER NOT NULL,
    value REAL,
    go INTEGER NOT NULL CHECK (go IN (0, 1)),
    n INTEGER NOT NULL,
    rank INTEGER,
    rank_limit INTEGER,
    median REAL,
    at INTEGER NOT NULL,
    PRIMARY KEY (run, rung)
  ) STRICT, WITHOUT ROWID;

  -- nodes: per node float64 accuracy, loss, training accuracy, training loss; edges: per edge
  -- float32 raw loss, gated loss, weight, TT, TF, FT, FF, all NaN for an edge that carries nothing.
  CREATE TABLE epoch (
    run INTEGER NOT NULL REFERENCES run (id),
    epoch INTEGER NOT NULL,
    seconds REAL NOT NULL,
    nodes BLOB NOT NULL,
    edges BLOB NOT NULL,
    PRIMARY KEY (run, epoch)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE checkpoint (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER REFERENCES run (id),
    epoch INTEGER NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('resume', 'final')),
    bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('saving', 'whole', 'dropped'))
  ) STRICT;
  CREATE INDEX checkpoint_run ON checkpoint (run);
  CREATE INDEX checkpoint_dropped ON checkpoint (state) WHERE state <> 'whole';
  CREATE TABLE checkpoint_chunk (
    checkpoint INTEGER NOT NULL REFERENCES checkpoint (id),
    number INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (checkpoint, number)
  ) STRICT;

  CREATE TABLE pretrained (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    model TEXT NOT NULL,
    training INTEGER NOT NULL REFERENCES training (id),
    seed INTEGER NOT NULL,
    run INTEGER REFERENCES run (id),
    checkpoint INTEGER REFERENCES checkpoint (id),
    accuracy REAL,
    source TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX pretrained_run ON pretrained (run);
  CREATE INDEX pretrained_checkpoint ON pretrained (checkpoint);

  CREATE TABLE saved_graph (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    graph INTEGER NOT NULL REFERENCES graph (id),
    key TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    level TEXT NOT NULL CHECK (level IN ('info', 'warning', 'error')),
    study INTEGER,
    run INTEGER,
    text TEXT NOT NULL
  ) STRICT;
  CREATE INDEX log_study ON log (study) WHERE study IS NOT NULL;
  CREATE INDEX log_run ON log (run) WHERE run IS NOT NULL;

  CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  `,
  `
  -- Graph ids are never reused: readers cache graphs by id.
  CREATE TABLE numbered_graph (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL) STRICT;
  INSERT INTO numbered_graph SELECT id, text FROM graph ORDER BY id;
  DROP TABLE graph;
  ALTER TABLE numbered_graph RENAME TO graph;

  ALTER TABLE run ADD COLUMN dismissed INTEGER NOT NULL DEFAULT 0;

  -- Before this schema, a pretraining without a study was asked for by a person or a re-run.
  ALTER TABLE pretrained ADD COLUMN asked INTEGER NOT NULL DEFAULT 0;
  UPDATE pretrained SET asked = 1 WHERE run IN (SELECT id FROM run WHERE study IS NULL);
  `,
  `
  -- JSON: the earlier trials without a final result when a learning sampler drew this one
  -- (Run.openTrials).
  ALTER TABLE run ADD COLUMN open_trials TEXT;
  `,
  `
  -- A recorded rung value and its decision; reason is JSON, tagged with the rule's kind. arrival
  -- grows with every decision.
  CREATE TABLE tagged_decision (
    run INTEGER NOT NULL REFERENCES run (id),
    rung INTEGER NOT NULL,
    arrival INTEGER NOT NULL,
    value REAL,
    go INTEGER NOT NULL CHECK (go IN (0, 1)),
    reason TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (run, rung)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO tagged_decision SELECT run, rung, arrival, value, go,
    CASE
      WHEN value IS NULL THEN json_object('kind', 'not-a-number', 'n', n)
      WHEN rank IS NOT NULL THEN json_object('kind', 'asha', 'n', n, 'rank', rank, 'limit', rank_limit)
      ELSE json_object('kind', 'median', 'n', n, 'median', median)
    END, at FROM decision;
  DROP TABLE decision;
  ALTER TABLE tagged_decision RENAME TO decision;
  `,
  `
  -- origin: the starting point that the trial is (Run.origin). audit: the epoch at which the rule
  -- stopped a trial that runs on for the audit of the rule (Run.audit).
  ALTER TABLE run ADD COLUMN origin TEXT;
  ALTER TABLE run ADD COLUMN audit INTEGER;
  `,
  `
  -- Other machines that train for this lab; launcher is JSON, tagged with its kind. Keys are not
  -- in the lab file.
  CREATE TABLE machine (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    launcher TEXT NOT NULL,
    drained INTEGER NOT NULL CHECK (drained IN (0, 1)),
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- JSON: the changes of an ablation, and those that it skips (Rerun.ablation).
  ALTER TABLE rerun ADD COLUMN ablation TEXT;
  `,
  `
  -- What people write about trials; tags are words with a space between them.
  ALTER TABLE run ADD COLUMN notes TEXT NOT NULL DEFAULT '';
  ALTER TABLE run ADD COLUMN tags TEXT NOT NULL DEFAULT '';
  ALTER TABLE study ADD COLUMN tags TEXT NOT NULL DEFAULT '';
  `,
  `
  -- The way of drawing that chose the graph of a trial (Run.drawVersion).
  ALTER TABLE run ADD COLUMN draw_version INTEGER;
  `,
];
