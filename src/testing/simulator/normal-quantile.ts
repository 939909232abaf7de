// The inverse of the normal distribution: one draw makes one normal value, by arithmetic that is the same on every machine.

/**
 * Returns the standard normal value below which the share `p` lies, `p` being a draw from [0, 1). M. J. Wichura, "Algorithm
 * AS 241: The Percentage Points of the Normal Distribution", Applied Statistics 37 (1988), PPND16: exact to 16 digits.
 */
export function normalQuantile(p: number): number {
  // A draw of 0 stands for all that lies below half a step of the generator.
  const share = p === 0 ? 2 ** -33 : p
  const q = share - 0.5
  if (Math.abs(q) <= 0.425) return q * ratio(centre, 0.180625 - q * q)
  const tail = Math.sqrt(-Math.log(q < 0 ? share : 1 - share))
  const value = tail <= 5 ? ratio(middle, tail - 1.6) : ratio(far, tail - 5)
  return q < 0 ? -value : value
}

interface Fraction {
  readonly above: readonly number[]
  readonly below: readonly number[]
}

function ratio({ above, below }: Fraction, x: number): number {
  return polynomial(above, x) / polynomial(below, x)
}

/** By Horner's rule; the last coefficient is that of the highest power. */
function polynomial(coefficients: readonly number[], x: number): number {
  let value = 0
  for (let power = coefficients.length - 1; power >= 0; power--) value = value * x + (coefficients[power] as number)
  return value
}

const centre: Fraction = {
  above: [
    3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987, 67265.7709270087,
    33430.57558358813, 2509.0809287301227,
  ],
  below: [
    1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271,
    28729.085735721943, 5226.495278852854,
  ],
}

const middle: Fraction = {
  above: [
    1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684,
    0.2417807251774506, 0.022723844989269184, 0.0007745450142783414,
  ],
  below: [
    1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457,
    0.0005475938084995345, 1.0507500716444169e-9,
  ],
}

const far: Fraction = {
  above: [
    6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487, 0.026532189526576124,
    0.0012426609473880784, 2.7115555687434876e-5, 2.0103343992922881e-7,
  ],
  below: [
    1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 0.0007868691311456133, 1.8463183175100548e-5,
    1.421511758316446e-7, 2.0442631033899397e-15,
  ],
}
