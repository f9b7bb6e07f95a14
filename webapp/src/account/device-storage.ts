const key = 'snaptask.devices'

/** How many users of this browser have a device; the one who signed in longest ago makes room. */
const limit = 10

/** The devices by name, the latest first. Usernames differ in more than case. */
type Devices = [name: string, device: string][]

const nameOf = (username: string) => username.trim().normalize().toLowerCase()

function read(): Devices {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? '[]')
    return Array.isArray(kept) ? kept.filter((one): one is Devices[number] => Array.isArray(one) && typeof one[0] === 'string' && typeof one[1] === 'string') : []
  } catch {
    return []
  }
}

/**
 * Returns the device that a user's last login here returned, or undefined. It opens no session: it lets this browser sign in while
 * others guess the password, and so it outlives signing out.
 */
export function readDevice(username: string): string | undefined {
  return read().find(([name]) => name === nameOf(username))?.[1]
}

/** Stores a user's device, or forgets it. Without access to storage, nothing is kept. */
export function writeDevice(username: string, device: string | null): void {
  const others = read().filter(([name]) => name !== nameOf(username))
  const all: Devices = device === null ? others : [[nameOf(username), device], ...others]
  try {
    localStorage.setItem(key, JSON.stringify(all.slice(0, limit)))
  } catch {
    return
  }
}
