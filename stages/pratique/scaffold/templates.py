"""What `pratique init` writes beside what it infers."""

PARAMS_TEMPLATE = """\
# Everything that the pipeline can be told. Unknown keys are errors.
seed: 0

data:
  label: {label}         # what a model learns to predict
  id: {id}               # a column that names a row; never a feature
  ignore: []             # columns that are kept but not examined
  personal: {personal}           # columns whose cells no report shows
  time: {time}             # a column that says when a row was taken; never a feature
  ordered: false         # true: rows stand in the order in which they were taken
  formats: read          # or hold: what becomes of a number that is written otherwise than trusted ones{image}

alarms:
  per_1000_batches: 10   # clean batches in 1,000 that may be quarantined: every threshold follows from it
  rows_fdr: 0.05         # share of wrongly held rows among the rows that are held one by one

limits:
  from: holdout          # or reference: the trusted rows that set every limit

examination:             # what reading and examining one batch may take
  seconds: 1800
  memory_gib: 8

shift:
  policy: quarantine     # or warn: what becomes of a batch whose columns or class shares moved, and nothing else

checks:                  # a check that is not named here does not run
  schema: {{}}             # expectations/schema.yaml
  expectations: {{}}       # expectations/suite.json
  shift: {{}}              # columns and class shares that moved
  outliers:              # distance to trusted rows, and a detector of pyod's
    neighbours: 5
    detector: iforest    # or ecod, copod, knn, lof
  labels:                # votes of trusted neighbours
    neighbours: 20
  losses: {{}}             # models of trusted rows
  density: {{}}            # how columns go together in a class
  relations: {{}}          # columns that follow from each other
  duplicates: {{}}         # rows that repeat one another
  leaks: {{}}              # copies of data/holdout
  conflicts: {{}}          # trusted rows under another label
  values: {{}}             # values that too many rows share
  extremes: {{}}           # single cells far beyond all trusted rows
{image_checks}
sources:
  unlisted: warn         # or refuse: what becomes of a batch whose source is not in data/sources.yaml

resent: warn             # or quarantine: what becomes of a batch most of whose rows its source sent before

policy:
  applies: new           # or all: whether a change of policy judges batches anew whose verdicts data/standing.jsonl has

review:
  reviewers: 1           # people who must release a batch before it counts; none of them may have submitted it
  identity: signature    # a decision counts if its reviewer signed it; or claims: whatever the base branch holds counts
  accounts: {{}}           # reviewer's e-mail address: their account, as CI gives it to `pratique gate --submitter`

signing:
  reviewers: {reviewers}           # e-mail address: Ed25519 public key; `pratique review setup` adds a line
  gate: null             # public key of what the gate attests

notify:
  command: []            # words of a command that reads on standard input what a run has newly held
"""

IMAGE_CHECKS = """\
  image_statistics: {}   # brightness, sharpness, noise, edges
  image_components: {}   # principal components
  image_random_encoder: {}   # what an untrained network makes of images
  image_distillation: {}   # a student that no longer says what its teacher says
"""

TRAINING_TEMPLATE = """
train:
  rows: reference + accepted   # or accepted
  model: random_forest   # or gradient_boosting, logistic_regression
  trees: 100

evaluate:
  retrainings: 3         # trainings with other seeds that every figure is the mean of, where the seed matters
  slices: []             # features by which the accuracy is told apart

audits:                  # what is measured of the trained model; an audit that is not named here does not run
  stability: {}          # predictions that a small change of the numbers flips
  churn: {}              # predictions that differ from those of data/baseline, and of the trusted rows alone
  trigger: {}            # values that send rows to a label, and the accepted rows that carry them
  boundary: {}           # how soon an outsider can copy the model, and what a row must change to cross its line
  decay: {}              # accuracy by when rows were taken, where data.time or data.ordered tells

requirements: {}         # what a figure of the model must reach, such as accuracy: {min: 0.8} or churn: {max: 0.05}

drill:                   # known poison in copies of trusted rows
  rates: [0.05, 0.2]
  repetitions: 3         # runs that the gate clears
  retrainings: 3         # runs that train models, to measure the damage; 500 at most
  batches: 6             # that come in
  poisoned_batches: 0.34 # share of them that comes in poisoned
  rows: 100              # in each, all of one of the five folds of the trusted rows
  attacks:               # one entry an exercise; beside attack, rates, batches and poisoned_batches its fields
    backdoor_trigger: {}
    gaussian_noise: {}
    label_flip: {}
    outlier_insertion: {}
    slow_drip: {attack: label_flip, rates: [0.02], batches: 10, poisoned_batches: 1}
"""

SOURCES_TEMPLATE = """\
# Who delivers batches: an entry for each folder of data/incoming/. params.yaml says what becomes of others.
# vendor:
#   origin: where the rows come from
#   owner: who answers for them
#   licence: what they may be used for
#   labels: how the labels were made, and by whom
"""

DECISIONS_TEMPLATE = """\
# Decisions

One file for each batch and reviewer, written and signed by `pratique review release`, `reject` and `withdraw`, read by
`pratique validate`, judged by `pratique gate` and `pratique verify`. A file counts if it is signed with the key that
params.yaml lists for its reviewer; `pratique review setup` lists yours. Never delete one: take it back with
`pratique review withdraw`.
"""

BASELINE_TEMPLATE = """\
# The baseline

The model that later ones are compared with, and the one to fall back to. `pratique baseline` keeps the trained model
here; commit it, or `dvc add` this folder, in a change without data.
"""
