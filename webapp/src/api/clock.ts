/** By how much this computer's clock is ahead of the server's, in milliseconds. */
let ahead = 0

/** Differences up to this one, in milliseconds, are as likely the way's as the clock's. */
const tolerance = 60_000

/** Learns the server's time from the Date of a response. Another origin's gateway does not show it. */
export function noteServerTime(date: string | null): void {
  const server = Date.parse(date ?? '')
  if (Number.isNaN(server)) return
  const difference = Date.now() - server
  ahead = Math.abs(difference) > tolerance ? difference : 0
}

/** Returns the server's time in milliseconds since 1970, as far as it is known: clocks can be wrong by years. */
export const serverTime = () => Date.now() - ahead
