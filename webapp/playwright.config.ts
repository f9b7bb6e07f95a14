import { createServer, type AddressInfo } from 'node:net'
import { defineConfig } from '@playwright/test'

function freePort(): Promise<string> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => { resolve(port.toString()) })
    })
  })
}

/** Starts an application on free ports, unless SNAPTASK_URL names one. */
const own = {
  command: '../.snaptask/bin/snaptask run',
  env: { SNAPTASK_STATE: '../.snaptask/e2e', GATEWAY_PORT: await freePort(), WEB_PORT: await freePort() },
  wait: { stdout: /web app +(?<snaptask_url>http:\S+)/ },
  timeout: 240_000,
  gracefulShutdown: { signal: 'SIGTERM' as const, timeout: 30_000 },
}

/** The stories that kill processes need SNAPTASK_SIGNALS: `make test-story` sets it. */
const withoutSignals = process.env.SNAPTASK_SIGNALS === undefined ? ['faults.spec.ts'] : []

export default defineConfig({
  testDir: 'e2e',
  testIgnore: withoutSignals,
  outputDir: 'test-results',
  timeout: 60_000,
  expect: { timeout: 15_000 },
  fullyParallel: true,
  workers: 1,
  forbidOnly: true,
  reporter: 'list',
  ...(process.env.SNAPTASK_URL === undefined ? { webServer: own } : {}),
  use: {
    baseURL: process.env.SNAPTASK_URL ?? '',
    locale: 'en-GB',
    trace: 'retain-on-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
        '--disable-component-update', '--disable-sync',
      ],
    },
  },
})
