// Units as OpenTelemetry writes them: the symbols of UCUM, the Unified Code for Units of Measure.

const symbols: Readonly<Record<string, string>> = {
  nanoseconds: 'ns',
  microseconds: 'us',
  milliseconds: 'ms',
  seconds: 's',
  minutes: 'min',
  hours: 'h',
  days: 'd',
  bits: 'bit',
  bytes: 'By',
  kilobytes: 'kBy',
  megabytes: 'MBy',
  gigabytes: 'GBy',
  terabytes: 'TBy',
  kibibytes: 'KiBy',
  mebibytes: 'MiBy',
  gibibytes: 'GiBy',
  tebibytes: 'TiBy',
  ratio: '1',
  percent: '%',
  celsius: 'Cel',
  kelvin: 'K',
  hertz: 'Hz',
  meters: 'm',
  grams: 'g',
  volts: 'V',
  amperes: 'A',
  watts: 'W',
  joules: 'J',
}

/** The symbol of a unit of a metric: `s` of `seconds`, `By/s` of `bytes_per_second`, and `{calls}`, an annotation, of what UCUM does not know; '' of ''. */
export function ucumUnit(unit: string): string {
  if (unit === '') return ''
  return unit.split('_per_').map(symbolOf).join('/')
}

function symbolOf(unit: string): string {
  // What stands below the line is a singular.
  const known = [unit, `${unit}s`].find((each) => Object.hasOwn(symbols, each))
  return known === undefined ? `{${unit}}` : (symbols[known] as string)
}
