// The service as a module whose default export is the server: what Workers, `bun` and `deno serve` run.
import { serve } from './service.ts'

// biome-ignore lint/style/noDefaultExport: it is how these runtimes find the server
export default serve({})
