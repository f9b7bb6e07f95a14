import { defineConfig } from '@playwright/test'

/** The stories run against a whole Snaptask that is up already: `make run`, or any address in SNAPTASK_URL. */
export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  timeout: 60_000,
  expect: { timeout: 15_000 },
  fullyParallel: true,
  workers: 1,
  forbidOnly: true,
  reporter: 'list',
  use: {
    baseURL: process.env.SNAPTASK_URL ?? 'http://127.0.0.1:8080',
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
