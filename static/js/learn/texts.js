// @ts-check
/** Every sentence that the lessons' scripts show, whole and in one place; those that stand still are in templates/learn. */

const TEXTS = {
  choose: "Choose an answer first.",
  right: "Right. {reply}",
  rightAll: "Right. {reply} With that, this lesson is done.",
  notRight: "Not quite. {reply}",
  lessonDone: "done",

  // A neuron
  neuronSays: "z is {z}, and the neuron says {a}.",
  yes0: "always 1",
  yes1: "first",
  yes2: "second",
  yes3: "how sure of yes",
  price0: "always 1",
  price1: "size in 100 m²",
  price2: "bedrooms",
  price3: "price in 100,000",
  gateRight: "Right for {right} of 4.",
  gateDone: "Right for all 4: this neuron is the gate.",

  // The student's own digit
  noDigit: "Draw a digit.",

  // Layers as matrices
  unitOf: "of {units}",
  unit: "Neuron {unit}",
  unitSum: "Neuron {unit}, its sum is {z}",
  silentUnits: "{silent} of {units} stay silent for your digit: their sum is not above 0. They are pale; each picture has its own scale.",
  rowsOf: "Each picture is a row of W[{layer}], on its own scale.",
  others: "{rest} from the other {others}",
  stepBent: "{layer}: ReLU(W a + b)",
  stepPlain: "{layer}: W a + b",
  percent: "{share}\u202f%",
  divided: "Before softmax each h is divided by the model’s temperature, {temperature}: one number, found on held-back pictures, that makes its percentages honest.",
  agrees: "Computed by this page. From the server's own answer, no share differs by more than {difference}.",
  nothingOut: "Draw a digit to see what comes out.",

  // A small network
  house_x1: "size in 100 m²",
  house_x2: "bedrooms",
  house_x3: "postcode: how central",
  house_x4: "wealth around",
  house_a1: "family size",
  house_a2: "walkable",
  house_a3: "school quality",
  house_h: "price in 100,000",
  silent: "silent",
  silentNamed: "{name}: silent",
  smallAt: "{at} of {all}",
  smallBegin: "Press Next: each number is made from those before it, one unit at a time.",
  smallForward: "Forward, a{unit}: multiply, add up, cut off what is below 0.",
  smallForwardDead: "Forward, a{unit}: the sum is not above 0, so the unit is silent and says 0.",
  smallOutput: "Forward, the answer: it adds up what the hidden units say. Nothing is cut off.",
  smallLoss: "The loss: half the square of how far the answer is from the target. 0 is perfect.",
  smallBackAnswer: "Backward: when the answer grows a little, the loss grows by so many times as much.",
  smallBackOutput: "Backward, the answer’s weights: the blame, times the number that the weight was multiplied by.",
  smallBackUnit: "Backward, a{unit}: the blame comes through its weight in the answer, passes its bend, and is shared out to its own weights.",
  smallBackDead: "Backward, a{unit}: it is dead here. ReLU is flat below 0, its slope is 0, so every gradient of its weights is 0: from this example it learns nothing.",
  smallStep: "A step: every weight goes against its gradient, all at once. The loss would go from {loss} to {after}.",
  smallNotYet: "The loss is {loss}.",
  smallOneStep: "1 step",
  smallSteps: "{steps} steps",
  smallLearnt: "{steps}: the loss went from {first} to {loss}.",
  smallLearntOne: "One step: the loss went from {first} to {loss}.",
  smallThere: "{steps}: the loss is {loss}, the answer is the target.",
  smallDead: "{steps}: the loss is {loss}, but every hidden unit is dead, so the answer is the same whatever x is. A smaller learning rate may save them.",
  smallApart: "It flew apart after {steps}: the learning rate is too high.",
  many: "Many steps",
  pause: "Pause",

  // Kernels
  kernelTooLarge: "The kernel is larger than the picture: take a smaller one, or more padding.",
  kernelPlace: "Row {row}, column {column}: {value}",
  kernelEmpty: "A kernel of zeros is like none.",
  kernelsOf: "Of {kernels} kernels of {side} × {side}.",
  kernelTile: "kernel {number}: {likeness}",

  // Pooling
  gridCell: "Row {row}, column {column}",
  play: "Play",
  poolBegin: "Press Next: the window begins at the top left.",
  poolStep: "Window {at} of {all}: {value}.",
  pooled: "Done. Left are {numbers}.",
  pixel: "{by} pixel",
  pixels: "{by} pixels",

  // A race of a lesson
  raceStop: "Stop",
  raceQueued: "It waits for its turn…",
  raceState: "{state}…",
  raceRests: "{state}.",
  raceLost: "The server does not answer. Trying again…",
  raceGone: "The run of this address is no longer kept: those of lessons are deleted after a day.",
  raceForbidden: "On this server only the teacher can train: open the address with the token that the server printed when it started.",
  raceFailed: "It did not work. {reason}",

  // Activation functions
  learns: "learns",
  saturated: "hardly learns: saturated",
  dead: "learns nothing: silent",
  slow: "learns slowly, never dead",
  flat: "hardly learns: flat",
  raceAhead: "{first} is ahead: {firstShare} of the validation pictures read right; {last} is last with {lastShare}.",
  raceOver: "{first} won: {firstShare} of the validation pictures read right; {last} is last with {lastShare}.",

  // Training and inference
  rate0: "too low: {rate}",
  rate1: "just right: {rate}",
  rate2: "too high: {rate}",
  ratesSoFar: "So far they read {low}, {middle} and {high} of the validation pictures right.",
  ratesOver: "After the same number of steps, the low rate reads {low} of the validation pictures right, the middle one {middle} and the high one {high}. The best is “{best}”.",
  stepBatch: "The batch: {batch} pictures, in epoch {epoch}.",
  stepLoss: "The loss: {loss}, averaged over these pictures.",
  stepLossFirst: "The loss: {loss}, averaged over these pictures. Who knows nothing and gives each digit a tenth has {blind}.",
  stepMoved: "The step: the gradient is {norm} long. Times the learning rate of {rate}, all weights together move by {moved}.",
  stepLost: "The step: the loss is no number any more, so neither is the gradient. The training is lost.",
  stepEpoch: "{train} pictures in batches of {batch} are {steps} steps: one epoch. Then all are shuffled and it goes round again.",
  heartKey: "Grey: training. Dotted: validation.",
  heartNothing: "Train all three above: here the middle one is judged by its own numbers.",
  heartFalling: "Epoch {last}: training loss {lastTraining}, validation loss {lastLoss}. Both still fall: what it learns holds for new pictures, too.",
  heartRising: "The validation loss was lowest in epoch {epoch}: {bestLoss}. By epoch {last} the training loss has fallen from {bestTraining} to {lastTraining}, but the validation loss is {lastLoss}: since then it has learnt its pictures by heart.",
  readerShipped: "mnist-mlp, which ships with Inkling",
  readerAt: "{name}, after step {step}",

  // A convolutional network
  mapsOf: "{maps} maps of {height} × {width}; {parameters} numbers learnt",
  rowOf: "{units} numbers in a row; {parameters} numbers learnt",
  mapsLabel: "{shown} maps of {title}",
  pushedBy: "{pixels} px",
  readAs: "{label}, {sure}",
  measuring: "Measuring on this server; the first time this takes a minute …",
  measured: "Measured on this server, on the first {n} pictures of MNIST's test.",

  // Datasets
  notHere: "{title} (not here)",
  reading: "Opening the dataset; the first time this takes a while …",
  pageOf: "Page {page} of {pages}, {total} pictures",
  noPictures: "No picture fits.",
  wrongly: "{given}, not {label}",
  noiseNone: "Each label is what its maker wrote.",
  noiseHere: "Marked: labels made wrong on purpose, exactly those that a training with this share would learn.",
  noiseElsewhere: "Only training labels are made wrong: what one measures by must stay right.",
  meansSaid: "Of {n} pictures ({part}): the mean, the spread, how many. A pixel goes from 0 to 255; no spread is larger than {widest}.",
  you: "You",
  riddle: "Picture {number} of {of}: what did its maker write?",
  guessRight: "Right, it says {truth}.",
  guessWrong: "Its label says {truth}.",
  nothingSaid: "no answer",
  rightOf: "{right} of {of}",
  nextPicture: "Next picture",
  playAgain: "Ten others",
  leakRuns: "Training both, one after the other …",
  leakDone: "The leaked network says {test} on the test; on pictures that it has never seen it reads {validation}.",
  leakFailed: "The training did not come to its end.",
};

/** @param {keyof TEXTS} key @param {Record<string, string | number>} [values] */
export function say(key, values = {}) {
  return TEXTS[key].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}
