/** A plane through points, and the inverse of X'X that its errors are made of. */
export interface Fit {
  readonly coefficients: readonly number[];
  readonly inverse: readonly (readonly number[])[];
}

/** Throws a `RangeError` where columns say the same, or there are fewer rows than columns. */
export function leastSquares(rows: readonly (readonly number[])[], values: readonly number[]): Fit {
  const width = rows[0]?.length ?? 0;
  const crossed = Array.from({ length: width }, (_, a) =>
    Array.from({ length: width }, (_, b) => rows.reduce((total, row) => total + row[a]! * row[b]!, 0)),
  );
  const inverse = invert(crossed);
  const moments = Array.from({ length: width }, (_, column) => rows.reduce((total, row, at) => total + row[column]! * values[at]!, 0));
  return { inverse, coefficients: inverse.map((row) => row.reduce((total, value, at) => total + value * moments[at]!, 0)) };
}

/** Gauss and Jordan, the largest pivot first. */
function invert(matrix: readonly (readonly number[])[]): number[][] {
  const size = matrix.length;
  const work = matrix.map((row, at) => [...row, ...Array.from({ length: size }, (_, column) => (column === at ? 1 : 0))]);
  const largest = Math.max(0, ...matrix.flat().map(Math.abs));
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++) if (Math.abs(work[row]![column]!) > Math.abs(work[pivot]![column]!)) pivot = row;
    if (Math.abs(work[pivot]![column]!) <= largest * 1e-14)
      throw new RangeError("the covariates say the same as each other, or are too few");
    [work[column], work[pivot]] = [work[pivot]!, work[column]!];
    const by = work[column]![column]!;
    work[column] = work[column]!.map((value) => value / by);
    for (let row = 0; row < size; row++) {
      if (row === column) continue;
      const times = work[row]![column]!;
      work[row] = work[row]!.map((value, at) => value - times * work[column]![at]!);
    }
  }
  return work.map((row) => row.slice(size));
}
