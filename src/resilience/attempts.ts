// Attempts: the errors of all attempts of one call, and the one that goes up in the end.
import { restated, ServiceError, unsharedError } from '../core/errors.ts'
import { withoutStack } from '../core/without-stack.ts'

/** What a call's attempts have come to. */
export class Attempts {
  readonly #first: unknown
  readonly #errors: ServiceError[]

  /** `first` is what the first attempt threw. */
  constructor(first: unknown) {
    this.#first = first
    this.#errors = [ServiceError.from(first)]
  }

  /** How many have failed. */
  get count(): number {
    return this.#errors.length
  }

  /** What the latest one failed with. */
  get last(): ServiceError {
    return this.#errors.at(-1) as ServiceError
  }

  add(thrown: unknown): void {
    this.#errors.push(ServiceError.from(thrown))
  }

  /**
   * What goes up when there are no more attempts: of a single one what it threw. Of several, an error that says what the last
   * one said, and that it must not be repeated further up, and that has all errors as its cause.
   */
  error(): unknown {
    return this.#errors.length === 1 ? this.#first : this.#summary()
  }

  /** As `error`, where a repetition was not allowed: nobody further up may make it either. */
  final(): ServiceError {
    return this.#errors.length === 1 ? unsharedError(restated(this.last, 'never')) : this.#summary()
  }

  #summary(): ServiceError {
    const { code, message, details, retryAfterMs } = this.last
    const count = this.#errors.length
    // Made when a later attempt has failed, far from whoever called: the stacks that say something are those of the errors.
    return withoutStack(() => {
      const cause = new AggregateError(this.#errors, `${count} attempts failed`)
      const text = `${message} (${count} attempts)`
      return unsharedError(new ServiceError(code, text, { details, retryAfterMs, retry: 'never', cause }))
    })
  }
}

/** The errors of all attempts, the first one first, of an error that a retry gave up with; of any other error only itself. */
export function attemptErrors(error: ServiceError): readonly ServiceError[] {
  const { cause } = error
  if (cause instanceof AggregateError) return cause.errors.map((each) => ServiceError.from(each))
  if (!(cause instanceof ServiceError) || cause.code !== error.code || cause.message !== error.message) return [error]
  // The same error once more: whoever has to say something of one that others hold too says it of a copy.
  const errors = attemptErrors(cause)
  return errors.length > 1 ? errors : [error]
}
