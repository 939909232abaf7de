// HashPoints: which owner a key belongs to, by points on a ring that all processes put at the same places.
import { mix32, murmur3 } from '../primitives/murmur3.ts'

/** Who may be given a key. */
export interface OwnerFilter {
  accepts(owner: number): boolean
}

/** Points of the heaviest owner whose weight is a power of two. */
const pointsEach = 4
/** Places at which a key looks for the nearest point. */
const probes = 21
const golden = 0x9e3779b9
const circle = 2 ** 32
const whole = 2 ** 32 - 1

/**
 * Multi-probe consistent hashing (Appleton and O'Reilly 2015): a key is hashed to 21 places, and belongs to the owner of the point that one of
 * them has the least way to. Few points are as even as hundreds are where a key has one place, so that a set of ten thousand is put up anew
 * in a few milliseconds. Of 2 to 1,000 owners the one with the most keys has at most a fifth above an even share, and the standard deviation
 * is about a tenth.
 *
 * An owner has points in proportion to its weight. What is left of that beside whole points is a point that only this share of the keys
 * sees: which ones depends on nothing but the key and the point, so that an owner that joins or leaves moves no key between two others. The
 * measure is the greatest power of two that the heaviest weight reaches: only when that is another one do keys move between all of them.
 */
export class HashPoints {
  /** In the order of the ring. */
  readonly #places: Uint32Array
  readonly #owners: Uint32Array
  /** Which share of the keys sees the point, of 2^32. */
  readonly #shares: Uint32Array
  /** For each range of places the first point in it or behind it. */
  readonly #starts: Uint32Array
  readonly #shift: number

  /** Weights are at least 0. Owners of weight 0 get no keys. */
  constructor(ids: readonly string[], weights: ArrayLike<number>) {
    let heaviest = 0
    for (let owner = 0; owner < ids.length; owner++) heaviest = Math.max(heaviest, weights[owner] as number)
    // Divided, as the inverse of what is near the least number would be Infinity.
    const measure = heaviest === 0 ? 1 : 2 ** Math.floor(Math.log2(heaviest))
    const pointsOf = (owner: number) => ((weights[owner] as number) / measure) * pointsEach
    let count = 0
    for (let owner = 0; owner < ids.length; owner++) count += Math.ceil(pointsOf(owner))

    const places = new Uint32Array(count)
    const owners = new Uint32Array(count)
    const shares = new Uint32Array(count)
    let at = 0
    for (let owner = 0; owner < ids.length; owner++) {
      const id = ids[owner] as string
      const points = pointsOf(owner)
      // Two hashes of 32 bits: owners that share one of them by chance must not share all places.
      const first = murmur3(id)
      const step = murmur3(id, golden) | 1
      for (let point = 0; point < points; point++) {
        places[at] = mix32(first + Math.imul(point, step))
        owners[at] = owner
        shares[at++] = Math.min(1, points - point) * whole
      }
    }

    const bits = Math.max(1, Math.ceil(Math.log2(Math.max(1, count))))
    this.#shift = 32 - bits
    this.#places = new Uint32Array(count)
    this.#owners = new Uint32Array(count)
    this.#shares = new Uint32Array(count)
    this.#starts = new Uint32Array(2 ** bits + 1)
    this.#sort(places, owners, shares)
  }

  /**
   * Gives the owner of a hashed key among those whom the filter accepts: the one that it would have if there were no others. -1 where there is
   * none. With `all` it sees all points.
   */
  ownerOf(key: number, filter?: OwnerFilter, all = false): number {
    const places = this.#places
    const { length } = places
    let nearest = circle
    let owner = -1
    for (let probe = 0; probe < probes; probe++) {
      const from = mix32(key + Math.imul(probe, golden))
      let at = this.#firstFrom(from)
      for (let walked = 0; walked < length; walked++) {
        const place = places[at] as number
        const way = (place - from) >>> 0
        if (way >= nearest) break
        const share = this.#shares[at] as number
        if (
          (all || share === whole || mix32(key ^ place) < share) &&
          (filter === undefined || filter.accepts(this.#owners[at] as number))
        ) {
          nearest = way
          owner = this.#owners[at] as number
          break
        }
        at = at + 1 === length ? 0 : at + 1
      }
      // It went around the whole ring.
      if (owner === -1) return -1
    }
    return owner
  }

  #firstFrom(from: number): number {
    const places = this.#places
    let at = this.#starts[from >>> this.#shift] as number
    while (at < places.length && (places[at] as number) < from) at++
    return at === places.length ? 0 : at
  }

  /** Hashes are evenly spread, so ranges as many as points hold one or two each: linear, where sorting them all is not. */
  #sort(places: Uint32Array, owners: Uint32Array, shares: Uint32Array): void {
    const starts = this.#starts
    const shift = this.#shift
    for (const place of places) starts[(place >>> shift) + 1] = (starts[(place >>> shift) + 1] as number) + 1
    for (let range = 1; range < starts.length; range++)
      starts[range] = (starts[range] as number) + (starts[range - 1] as number)
    const ends = starts.slice()
    for (let from = 0; from < places.length; from++) {
      const place = places[from] as number
      const range = place >>> shift
      let to = ends[range] as number
      ends[range] = to + 1
      for (; to > (starts[range] as number) && (this.#places[to - 1] as number) > place; to--) this.#copy(to - 1, to)
      this.#places[to] = place
      this.#owners[to] = owners[from] as number
      this.#shares[to] = shares[from] as number
    }
  }

  #copy(from: number, to: number): void {
    this.#places[to] = this.#places[from] as number
    this.#owners[to] = this.#owners[from] as number
    this.#shares[to] = this.#shares[from] as number
  }
}
