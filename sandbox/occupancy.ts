/** Milliseconds in 31 bits, never 0: a clock that all threads of a process share. */
export const occupancyClock = (): number => Date.now() & 0x7fffffff || 1;
