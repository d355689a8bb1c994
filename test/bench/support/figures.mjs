// Series of figures → medians with their spread.

/** The middle of a list, and the middle halves' ends. */
export function summarize(values) {
  const sorted = [...values].sort((one, other) => one - other);
  return { median: quantile(sorted, 0.5), low: quantile(sorted, 0.25), high: quantile(sorted, 0.75) };
}

/** Round by round, so that what slows a whole round cancels out. */
export function toRatios(values, base) {
  return values.map((value, round) => value / base[round]);
}

/** The same for what is added. */
export function toDifferences(values, base) {
  return values.map((value, round) => value - base[round]);
}

/** `12.3 (11.9–12.8)`: the median and the quartiles. */
export function show(values, digits = 1) {
  const { median, low, high } = summarize(values);
  return `${median.toFixed(digits)} (${low.toFixed(digits)}–${high.toFixed(digits)})`;
}

export function median(values) {
  return summarize(values).median;
}

function quantile(sorted, share) {
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)];
  return below + (sorted[Math.ceil(place)] - below) * (place - Math.floor(place));
}
