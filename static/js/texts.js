// @ts-check
/** Every sentence that scripts show, whole and in one place, so that it can be translated. */

const TEXTS = {
  empty: "No digit yet",
  emptyDetail: "The answer changes as you draw.",
  cleared: "The pad is empty.",
  linkDamaged: "This link’s drawing cannot be read: it was cut off, or made by a newer Inkling. Ask for it again, or draw here.",
  modelMissing: "This server cannot use the model {name}: {model} reads instead.",
  modelGoneLast: "The model {name} is no longer on this server, and there is no other one.",
  modelGone: "The model {name} is no longer on this server: {model} reads instead.",
  keys: "Arrow keys move the pen, Space puts it down and lifts it.",
  keysUp: "Column {column}, row {row}. Pen up.",
  keysDown: "Column {column}, row {row}. Pen down.",
  sure: "{share} sure",
  answer: "{label}, {share} sure",
  runnerUp: "or {other}, {otherShare}",
  tie: "{label} or {other}?",
  tieDetail: "{share} and {otherShare}: it cannot decide.",
  perhaps: "Perhaps a {label}",
  perhapsDetail: "Only {share} sure.",
  spokenUnsure: "{sure} {detail}",
  goOn: "Go on…",
  noGuess: "No guess",
  rejected: "No guess. {reason}",
  failed: "That did not work",
  lost: "No connection",
  lostDetail: "The server does not answer. Trying again…",
  notReady: "Not ready yet",
  reading: "Reading…",
  late: "Still waiting…",
  lateDetail: "The server has not answered yet.",
  tooLarge: "This picture is larger than {limit} MiB. Make it smaller, then try again.",
  unreadable: "This file cannot be read. Choose it again.",
  yourPicture: "Your picture: {name}",
  sees: "Your digit, cropped, centred and shrunk to {size} × {size} pixels. Nothing else.",
  seen: "{size} by {size} pixels: your digit, cropped and centred",

  // What the network sees, step by step
  stepsEmpty: "Draw a digit, or upload a picture: its way to the network appears here.",
  stepsUse: "Take a tick away to leave that step out. It changes the reading here, never the answer above.",
  asSet: "As set here: {reading}",
  sentPicture: "As sent: {width} by {height} pixels",
  afterStep: "After the step {name}: {width} by {height} pixels",
  withoutStep: "Without the step {name}: {width} by {height} pixels",
  size: "{width} × {height}",

  // Two models, one drawing
  compareEmpty: "Draw a digit, or upload a picture: both read it here.",
  compareUse: "The sliders change the networks' own input. They act after cropping and centring, which would undo them.",
  compareUnfit: "The sliders need a network that sees grey pictures. Choose another one above.",
  compared: "{left}: {leftReading}; {right}: {rightReading}",
  unmoved: "0 px",
  movedLeft: "{amount} px left",
  movedRight: "{amount} px right",
  movedUp: "{amount} px up",
  movedDown: "{amount} px down",
  unturned: "0°",
  turnedLeft: "{amount}° left",
  turnedRight: "{amount}° right",
  sized: "{amount}{unit}",
  usualPen: "as drawn",
  thinner: "{amount}{unit} thinner",
  thicker: "{amount}{unit} thicker",

  // How the answer grew
  replayEmpty: "Draw a digit: how the answer grew with it appears here when you lift the pen.",
  replayPicture: "A picture has no strokes to replay. Draw a digit on the pad.",
  replayUse: "Each line is one digit: how sure the network was of it along the way of your pen. In grey bands it made no guess.",
  replay: "Replay",
  stop: "Stop",
  strokeNumber: "stroke {number}",
  moment: "Stroke {stroke}, {share} of the way",
  momentSpoken: "{place}: {reading}",
  beforeInk: "Before the pen touched the pad",
  onlyGuess: "In stroke {stroke} the first guess was {after}, and it stayed.",
  firstGuess: "In stroke {stroke} the first guess was {after}.",
  becameA: "In stroke {stroke} your {before} became a {after}.",
  becameAn: "In stroke {stroke} your {before} became an {after}.",
  neverGuessed: "There was no guess at any moment.",
  way: "Way",
  stroke: "Stroke",
  guess: "Guess",

  // Pictures: camera, cropping, many at once
  noPicture: "{name} is no picture. Choose PNG, JPEG, WebP, GIF or BMP.",
  cameraStarts: "The camera starts…",
  cameraRefused: "The camera may not be used. Allow it for this page in the browser’s address bar, then try again.",
  cameraMissing: "There is no camera. Connect one, or upload a picture.",
  cameraBusy: "Another program uses the camera. Close that, then try again.",
  cameraFailed: "The camera does not start. Upload a picture instead.",
  crop: "Crop",
  cropDone: "Done",
  cropBox: "Crop box, {left} to {right} % across, {top} to {bottom} % down",
  cropIt: "There seems to be more than one digit here. Press Crop to choose one.",
  layOnPad: "Lay {name} on the pad",
  rightLabelOf: "Right label of {name}",
  manyDone: "{done} of {all} read",
  manyDoneSome: "{done} of {all} read, {failed} could not be",
  manyRead: "All {all} pictures are read.",
  manyReadSome: "{done} of {all} pictures are read; {failed} could not be.",
  manyRemoved: "The pictures are removed from the page.",
  notRead: "Not read",
  readRest: "Read the rest",
  readAgain: "Read again with {model}",
  noneJudged: "Give rows their right label to see how many were read correctly.",
  accuracy: "{correct} of {all} pictures with a right label were read correctly: {share}.",
  cropCloser: "There seems to be more than one digit in the box. Draw it closer around one.",

  // Take it with you
  checkpointOf: "Your run at step {step}",
  noCheckpoint: "That checkpoint is not kept any more: {model} reads instead. Choose another one on the page of its run.",
  copyLink: "Copy link",
  copyCode: "Copy code",
  copied: "Copied.",
  savePng: "Save as PNG",
  savePicture: "Save the picture",
  selected: "Selected: now copy it with Ctrl+C or the menu.",
  drawFirst: "Draw a digit or upload a picture first.",
  noLink: "A picture cannot travel in a link; a drawing can.",
  aboutLink: "Opens this drawing with this model wherever {host} can be reached.",
  aboutCurl: "For a terminal. Answers JSON, which the page API explains.",
  aboutPython: "For Python 3, without any package.",
  aboutJavascript: "For Node 18 or newer, as a .mjs file, or for the console of this page.",
  aboutFile: "Sends the file {name} from the folder where you run it.",
  aboutMade: "Sends {name}: the picture as the page sends it, turned, cropped or made smaller. Save it first.",
  aboutEmbed: "Shows this drawing in a page of yours, once this server lists that page's origin in INKLING_EMBED_ORIGINS.",
  aboutEmbedPicture: "Shows an empty pad in a page of yours, once this server lists that page's origin in INKLING_EMBED_ORIGINS.",
  frameTitle: "Inkling: draw a digit",

  // My digits
  keepAs: "{label}: keep it with this label",
  keptAs: "Kept as {label}.",
  keptNot: "Not kept. {reason}",
  keptNotBefore: "The one before was not kept. {reason}",
  keeping: "Keeping it…",
  keptNoMore: "No longer kept.",
  noServer: "The server does not answer. Try again.",
  countAll: "All ({count})",
  countOf: "{label} ({count})",
  keptPicture: "A kept {label}",
  labelOf: "Right label of this {label}",
  deleteOne: "Delete this {label}",
  deleted: "Deleted.",
  deletedAll: "All deleted.",
  readRight: "Read as {read}",
  readWrong: "Read as {read}: wrong",
  readNothing: "Not read",
  deleteAll: "Delete all that you kept ({count})?",

  // Train: the form
  "start_mnist-quick": "99 % in ten seconds",
  "start_mnist-quick_detail": "A small CNN, one look at each of MNIST's digits.",
  "start_lecture-sigmoid": "A sigmoid MLP as in the lecture",
  "start_lecture-sigmoid_detail": "100 hidden units, plain gradient descent.",
  start_overfit: "Overfit on purpose",
  start_overfit_detail: "A wide MLP and only 3,000 digits: watch it learn them by heart.",
  start_shipped: "The model {name}",
  start_shipped_detail: "As it was made: {network}, {epochs} epochs. Takes a while.",
  extra: "{name} {value}",
  onlyTeacher: "On this server only the teacher can train: open the address with the token that the server printed when it started.",
  none: "none",
  addBlock: "Add a block",
  block: "Block {number}",
  blocksUse: "Padding \"same\" keeps the size when the stride is 1; a pool of 1 pools nothing.",
  takeBlock: "Take block {number} away",
  scheduleUnknown: "The curve appears here when learning rate and warm-up are numbers.",
  scheduleConstant: "Learning rate: {first} from the first step to the last.",
  scheduleFalls: "Learning rate: from {first} down to {last}.",
  scheduleRises: "Learning rate: from {first} up to {most}, then down to {last}.",

  sketchPoint: "Expected loss at epoch {epoch}",
  sketchLies: "The dotted line is the curve that you expected.",
  sketchRight: "Dotted, you expected a loss of {guess} at epoch {epoch}; it is {loss}. Well predicted.",
  sketchHigh: "Dotted, you expected a loss of {guess} at epoch {epoch}; it is {loss}: it learns better than you thought.",
  sketchLow: "Dotted, you expected a loss of {guess} at epoch {epoch}; it is {loss}: it learns less than you thought.",
  forkOf: "A fork of “{name}” from step {step}: it goes on from there with whatever you change below. Dataset, network and its shape stay.",
  fork: "Fork",
  was: "changed; was {value}",
  shapeTotal: "The network: {parameters} parameters to learn",
  shapeUnknown: "The network: first mend the marked choice.",
  layerInput: "Input",
  layerWindow: "{name} {window} × {window}",
  weightsAnd: "{weights} + {more}",

  // Runs: the list
  networkOnDataset: "{network} on {dataset}",
  noRuns: "No runs yet. Choose a starting point above and press Train: the first takes ten seconds.",
  chooseRun: "Compare {name}",
  compareChosen: "Compare {count} runs",
  compareChoose: "Choose two to eight runs to compare",

  // Runs side by side
  column_run: "Run",
  column_variant: "Variant",
  column_state: "State",
  column_epoch: "Epoch",
  column_bestLoss: "Best validation loss",
  column_bestAccuracy: "Best validation accuracy",
  column_test: "Test accuracy",
  column_parameters: "Parameters",
  epochOf: "{epoch} of {epochs}",
  compareNothing: "No epoch is over yet.",
  compareBest: "The best on validation pictures so far: {run}, {accuracy}.",
  compareLatest: "Latest: {values}",
  compareAt: "Epoch {epoch}: {values}",
  compareValue: "{run} {value}",
  compareSame: "All choices are the same.",
  compareLeftOut: "Each variant is a curve of its own; {most} can be told apart, {left} left out.",
  variantOf: "{run}: {variant}",

  // One run
  runTitle: "{state}: {name}",
  result: "{accuracy} of {n} test pictures are read right.",
  place: "{before} before it in the queue.",
  placeNext: "It is the next.",
  startingWhy: "It loads the dataset.",
  sizes: "{parameters} parameters; {train} pictures to learn from, {validation} to validate.",
  progressNone: "0 of {epochs} epochs",
  progress: "Epoch {epoch} of {epochs}",
  progressLive: "Epoch {epoch} of {epochs}, {speed} pictures a second, gradient norm {gradient}, {left}",
  secondsLeft: "{seconds} s left",
  minutesLeft: "{minutes} min left",
  hoursLeft: "{hours} h {minutes} min left",
  noEpoch: "The first epoch is not over yet.",
  epochSummary: "Epoch {epoch} of {epochs}: validation loss {loss}, accuracy {accuracy}.",
  epochWithoutValidation: "Epoch {epoch} of {epochs}: training loss {loss}.",
  latest: "Latest",
  atEpoch: "At epoch {epoch}",
  mark_changed: "rate {rate}",
  mark_paused: "paused",
  mark_interrupted: "interrupted",
  mark_stopped: "stopped",
  mark_failed: "failed",
  markAt: "{label} at epoch {epoch}",
  crosshair: "Epoch {epoch}: training loss {training}, validation loss {validation}, validation accuracy {accuracy}",
  percent: "{value}\u202f%",
  stalled: "Its process has been silent for some seconds: this machine may be busy, or the process may be stuck.",
  checkpoint: "epoch {epoch}, accuracy {accuracy}",
  checkpointBest: "epoch {epoch}, accuracy {accuracy}, the best",
  checkpointBare: "epoch {epoch}",
  drawWith: "Draw with {name}",
  moreWrong: "The epochs must be a whole number from 1 to {most}.",
  rateWrong: "The learning rate must be a number above 0.",
  // Understand: a run at each of its checkpoints
  momentAt: "Epoch {epoch} of {epochs}, step {step}",
  momentMeasured: "validation loss {loss}, {accuracy}",
  momentBest: "validation loss {loss}, {accuracy}: its best",
  examining: "It reads every picture of the part: some seconds…",
  findingsThere: "Each rests on the numbers below it.",
  findingsSoFar: "So far; it is not over yet. Each rests on the numbers below it.",
  findingsNone: "Nothing stands out in the numbers of this moment.",
  matrixCorner: "is",
  matrixTells: "{accuracy} of {n} pictures are read right.",
  matrixTellsRejected: "{accuracy} of {n} pictures are read right; {rejected} were refused before the network and are not in the table.",
  cellReadRight: "{true} read as {predicted}, right: {number}",
  cellReadWrong: "{true} read as {predicted}: {number}",
  cellRight: "{true} read right, the least sure first: {shown} of {total}.",
  cellFirst: "{true} read as {predicted}, the surest first: {shown} of {total}.",
  cellAll: "{true} read as {predicted}, the surest first: all {total}.",
  classScore: "{accuracy} of {n}",
  seenAs: "read {predicted}, {share}",
  seenReally: "is {label}: {trueShare}",
  mistakesNone: "No mistakes among these pictures.",
  mistakesFirst: "The {shown} that it was surest of, of {total} mistakes.",
  mistakesAll: "All mistakes, the surest first: {total}.",
  calibrationHonest: "Honest: sure of {confidence} on average, right in {accuracy}. Expected calibration error {ece}.",
  calibrationTooSure: "Too sure of itself: sure of {confidence} on average, right in only {accuracy}. Expected calibration error {ece}.",
  calibrationTooModest: "Too modest: sure of only {confidence} on average, right in {accuracy}. Expected calibration error {ece}.",
  binOf: "{from} to {to}\u202f%",
  publishStep: "Make step {step} a model called",
  kernels: "{shown} of {units} kernels of {side} × {side} weights; the largest weight is {largest}.",
  rows: "{shown} of {units} units, a weight for each of {side} × {side} pixels; the largest is {largest}.",
  state_queued: "Waiting",
  state_starting: "Starting",
  state_running: "Running",
  state_pausing: "Pausing",
  state_paused: "Paused",
  state_stopping: "Stopping",
  state_stopped: "Stopped",
  state_finished: "Finished",
  state_failed: "Failed",
  state_interrupted: "Interrupted",
};

/** @type {Record<string, string>} Names of choices that a reader would not guess from the API's own. */
const LABELS = {
  mlp: "MLP",
  cnn: "CNN",
  mnist: "MNIST",
  hidden: "hidden layers",
  blocks: "blocks",
  gamma: "slope below zero",
  ema: "averaged weights",
  warmup: "warm-up",
  "augmentation.pen": "pen width",
  "augmentation.crop": "mirrored shift",
  "dataset_options.pictures": "training pictures",
  "dataset_options.seed": "seed of the pictures",
  "dataset_options.leak": "leaked test pictures",
  "dataset_options.label_noise": "wrong labels",
  sgd: "SGD",
  adamw: "AdamW",
  relu: "ReLU",
  leaky_relu: "leaky ReLU",
  gelu: "GELU",
  whitening: "Whitening",
  max_pooling: "Pooling, maximum",
  average_pooling: "Pooling, average",
  global_pooling: "Global pooling",
};

/** A word of the API as a label. @param {string} name */
export function labelOf(name) {
  const words = spaced(name);
  return words[0].toUpperCase() + words.slice(1);
}

/** A word of the API as people write it; of a path, as augmentation.rotate, its last. @param {string} name */
export function spaced(name) {
  const last = name.slice(name.lastIndexOf(".") + 1);
  return LABELS[name] ?? LABELS[last] ?? last.replaceAll("_", " ");
}

/** Three digits suffice. @param {number} value */
export const brief = (value) => String(Number(value.toPrecision(3)));

const CLOCK = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

/** @param {number} seconds since 1970 */
export const when = (seconds) => CLOCK.format(1000 * seconds);

/** @param {keyof TEXTS} key @param {Record<string, string | number>} [values] */
export function say(key, values = {}) {
  return TEXTS[key].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/** A probability as whole percent, never rounded up to certainty. @param {number} probability */
export function percent(probability) {
  const rounded = Math.round(100 * probability);
  return rounded === 100 && probability < 1 ? ">99" : String(rounded);
}

export const UNIT = "\u202f%"; // a narrow space that does not break

/** A count with its thousands apart. @param {number} value */
export const count = (value) => value.toLocaleString("en");

/** A loss; a dash where there is none. @param {number | null} value */
export const figure = (value) => (value === null ? "–" : value >= 0.1 && value < 1e5 ? value.toFixed(3) : brief(value));

/** To a tenth of a percent, never rounded up to certainty. @param {number | null} share */
export function accuracyOf(share) {
  if (share === null) return "–";
  const value = (100 * share).toFixed(1);
  return say("percent", { value: share < 1 && value === "100.0" ? ">99.9" : value });
}

/** @param {number} seconds */
export function timeLeft(seconds) {
  const minutes = Math.round(seconds / 60);
  if (seconds < 90) return say("secondsLeft", { seconds: Math.ceil(seconds) });
  if (minutes < 90) return say("minutesLeft", { minutes });
  return say("hoursLeft", { hours: Math.floor(minutes / 60), minutes: minutes % 60 });
}
