// Eigenvalues of a symmetric tridiagonal matrix by implicit QL steps (Golub and Van Loan, "Matrix Computations", 8.3), and of the
// eigenvectors their last components alone: n² operations where whole vectors take n³.

/** Off-diagonal elements this small beside their neighbours are 0. */
const EPSILON = 2 ** -52;

/**
 * `diagonal` (n) and `beside` it (n - 1). `last[i]` is the last component of the eigenvector of `values[i]`; in no particular order.
 */
export function lastComponents(diagonal: readonly number[], beside: readonly number[]) {
  const n = diagonal.length;
  const values = Float64Array.from(diagonal);
  const off = Float64Array.from([...beside, 0]);
  const last = new Float64Array(n);
  last[n - 1] = 1;
  for (let first = 0; first < n; first++)
    for (let end = splitAt(values, off, first); end > first; end = splitAt(values, off, first))
      step(values, off, last, first, end);
  return { values, last };
}

/** The end of the block that begins at `first`: the next place where the matrix falls apart. */
function splitAt(values: Float64Array, off: Float64Array, first: number): number {
  let end = first;
  while (end < values.length - 1) {
    if (Math.abs(off[end]!) <= EPSILON * (Math.abs(values[end]!) + Math.abs(values[end + 1]!))) break;
    end++;
  }
  return end;
}

/** One QL step with Wilkinson's shift on rows `first` to `end`: rotations of neighbouring rows, from the end up. */
function step(values: Float64Array, off: Float64Array, last: Float64Array, first: number, end: number): void {
  const half = (values[first + 1]! - values[first]!) / (2 * off[first]!);
  const shift = values[first]! - off[first]! / (half + Math.sign(half || 1) * Math.hypot(half, 1));
  let [c, s, moved] = [1, 1, 0];
  let bulge = values[end]! - shift;
  for (let i = end - 1; i >= first; i--) {
    const outside = s * off[i]!;
    const inside = c * off[i]!;
    const length = Math.hypot(outside, bulge);
    off[i + 1] = length;
    if (length === 0) {
      values[i + 1]! -= moved;
      off[end] = 0;
      return;
    }
    s = outside / length;
    c = bulge / length;
    const lower = values[i + 1]! - moved;
    const turned = (values[i]! - lower) * s + 2 * c * inside;
    moved = s * turned;
    values[i + 1] = lower + moved;
    bulge = c * turned - inside;
    const [x, y] = [last[i]!, last[i + 1]!];
    last[i + 1] = s * x + c * y;
    last[i] = c * x - s * y;
  }
  values[first]! -= moved;
  off[first] = bulge;
  off[end] = 0;
}
