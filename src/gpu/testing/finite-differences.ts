// The first rung of the ladder: a twin's backward against the slope of its forward, in float64.

/**
 * The gradient of Σ y·dy with respect to each of `x`, by central differences. `forward` reads `x`, which is changed in
 * place and put back. With h = 1e-5 the error is about 1e-10 of the function's scale (h² and float64's ε/h together).
 */
export function slope(
  x: Float64Array,
  dy: ArrayLike<number>,
  forward: () => ArrayLike<number>,
  h = 1e-5,
): Float64Array {
  const loss = () => {
    const y = forward();
    let sum = 0;
    for (let i = 0; i < dy.length; i++) sum += y[i]! * dy[i]!;
    return sum;
  };
  return x.map((value, i) => {
    x[i] = value + h;
    const up = loss();
    x[i] = value - h;
    const down = loss();
    x[i] = value;
    return (up - down) / (2 * h);
  });
}
