// Quantiles of Student's t, by degrees of freedom, for intervals that two tails are left out of.

export type Coverage = 80 | 95

/** From one degree of freedom on, as in any table. */
const QUANTILES: Readonly<Record<Coverage, readonly number[]>> = {
  80: [
    3.078, 1.886, 1.638, 1.533, 1.476, 1.44, 1.415, 1.397, 1.383, 1.372, 1.363, 1.356, 1.35, 1.345, 1.341, 1.337, 1.333,
    1.33, 1.328, 1.325, 1.323, 1.321, 1.319, 1.318, 1.316, 1.315, 1.314, 1.313, 1.311, 1.31,
  ],
  95: [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
    2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
  ],
}

/** Of the normal distribution, which is near enough beyond the table. */
const NORMAL: Readonly<Record<Coverage, number>> = { 80: 1.282, 95: 1.96 }

export function studentT(coverage: Coverage, degreesOfFreedom: number): number {
  return QUANTILES[coverage][degreesOfFreedom - 1] ?? NORMAL[coverage]
}
